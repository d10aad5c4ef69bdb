"""The tour: read by newcomers, run here with a model whose answers are written down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from jupyter_julia_aot.cli.demo import render
from jupyter_julia_aot.records import Toolchain
from tests.pipeline.server import answering, fenced

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "00_tour.ipynb"

WRONG = fenced("fahrenheit(c) = c * 9 / 5 - 32")
RIGHT = fenced("fahrenheit(c) = c * 9 / 5 + 32")


def test_it_is_committed_without_outputs_and_every_step_is_explained() -> None:
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    assert all(c.outputs == [] and c.execution_count is None for c in cells if c.cell_type == "code")
    kinds = [c.cell_type for c in cells]
    assert kinds[0] == "markdown"
    assert "code code code" not in " ".join(kinds)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, toolchain: Toolchain) -> Any:
    """The notebook after all of its cells."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    folder = tmp_path_factory.mktemp("tour")
    with answering(WRONG, *[RIGHT] * 7) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("JULIA_AOT_DATA_DIR", str(folder / "data"))
        patch.setenv("OPENAI_BASE_URL", server.url)
        NotebookClient(
            notebook,
            timeout=1000,
            kernel_name="python3",
            resources={"metadata": {"path": str(folder)}},
            extra_arguments=["--log-level=40"],
            store_widget_state=False,
            # What a program prints may arrive in any number of pieces.
            coalesce_streams=True,
        ).execute()
    return notebook


def outputs(notebook: Any, containing: str) -> list[Any]:
    """What the cell with ``containing`` in its source shows."""
    cell = next(c for c in notebook.cells if c.cell_type == "code" and containing in c.source)
    return list(cell.outputs)


@pytest.mark.julia
def test_julia_draws_and_is_confined(ran: Any) -> None:
    assert "(171, 703)" in str(outputs(ran, "argmax(lengths)"))
    drawn = [o.data["image/svg+xml"] for o in outputs(ran, "scatter(1:800") if "data" in o]
    assert len(drawn) == 1
    assert drawn[0].count("<circle") == 800
    assert "refused: SystemError" in str(outputs(ran, "joinpath"))


@pytest.mark.julia
def test_what_the_model_wrote_is_proven_called_and_kept(ran: Any) -> None:
    shown = str(outputs(ran, "%%julia_gen"))
    assert "7 of 8" in shown or "7/8" in shown
    assert float(outputs(ran, "fahrenheit(36.6)")[0].data["text/plain"]) == pytest.approx(97.88)
    assert "fahrenheit" in str(outputs(ran, "%julia history"))


@pytest.mark.julia
def test_its_page_needs_nothing_from_elsewhere(ran: Any) -> None:
    page = render(ran, NOTEBOOK.stem)
    assert "<script src=" not in page
    assert "212 °F" in page
