"""The notebook of binaries and libraries, from top to bottom, on whatever Julia this machine has.

It lies here, not with the other notebooks' tests, because it builds the same function as the tests of this
folder: where a whole system image is compiled, all of them share one.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_julia_aot.history import History
from jupyter_julia_aot.records import Toolchain
from tests.build.test_bindings_library import SCALE

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "02_binaries_and_libraries.ipynb"


def cells(kind: str) -> list[Any]:
    return [c for c in nbformat.read(NOTEBOOK, as_version=4).cells if c.cell_type == kind]


def test_it_is_committed_without_outputs_and_explained() -> None:
    for cell in cells("code"):
        assert cell.outputs == []
        assert cell.execution_count is None
    kinds = [c.cell_type for c in nbformat.read(NOTEBOOK, as_version=4).cells]
    assert kinds[0] == "markdown"
    assert "code code code" not in " ".join(kinds)


def test_every_cell_builds_the_function_of_the_other_tests() -> None:
    built = [c.source.partition("\n")[2] for c in cells("code") if c.source.startswith("%%juliac")]
    assert [code.strip() for code in built] == [SCALE.strip()] * 3


@pytest.mark.julia
@pytest.mark.timeout(2400)
def test_it_runs_from_top_to_bottom(any_julia: Toolchain, tmp_path: Path) -> None:
    from nbclient import NotebookClient

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    began = time.time()
    NotebookClient(notebook, timeout=1200, resources={"metadata": {"path": str(tmp_path)}}).execute()
    said = ["".join(o.get("text", "") for o in c.outputs) for c in notebook.cells if c.cell_type == "code"]
    everything = "\n".join(said)
    assert "2.0,5.0,-6.0" in everything, "the program"
    assert "[0.   0.75 1.5  2.25 3.  ] float64 False" in everything, "the library"
    assert "JuliaError: DomainError" in everything
    assert "DomainError with -1:" in everything
    assert "aot_scale(int64_t factor, double *values" in everything, "the header"
    with History() as history:
        proofs = {e.result.artifact.kind: e.result.proof for e in history.builds(limit=9) if e.at >= began}
    assert {kind: proof and (proof.equal, proof.calls) for kind, proof in proofs.items()} == {
        "exe": (True, 3),
        "lib": (True, 3),
    }
    (trimmed,) = (c for c in notebook.cells if "raises-exception" in c.metadata.get("tags", []))
    reasons = "".join(str(o) for o in trimmed.outputs)
    if "pip install scale" not in everything:
        assert "no wheel: " in everything
        assert "1.12" in reasons or "JuliaC" in reasons, "the reason is told"
