"""The notebook about Julia in Python: it runs from top to bottom on any machine that has a Julia."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_julia_aot.records import Toolchain

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "03_julia_in_python_and_devices.ipynb"
MAY_FAIL = "raises-exception"


def cells(kind: str) -> list[Any]:
    return [c for c in nbformat.read(NOTEBOOK, as_version=4).cells if c.cell_type == kind]


def test_it_is_committed_without_outputs() -> None:
    for cell in cells("code"):
        assert cell.outputs == []
        assert cell.execution_count is None


def test_every_magic_it_uses_exists() -> None:
    from jupyter_julia_aot.magics.commands import COMMANDS

    for cell in cells("code"):
        first = cell.source.split("\n")[0].split()
        if first[0] == "%julia":
            assert first[1] in COMMANDS


@pytest.mark.julia
@pytest.mark.timeout(1800)
def test_it_runs_from_top_to_bottom(tmp_path: Path, toolchain: Toolchain) -> None:
    from nbclient import NotebookClient

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    environment = {**os.environ, "JULIA_AOT_DATA_DIR": str(tmp_path / "data")}
    NotebookClient(notebook, timeout=1500, resources={"metadata": {"path": str(tmp_path)}}).execute(
        env=environment
    )
    by_source = {c.source.split("\n")[0]: c for c in notebook.cells if c.cell_type == "code"}
    assert "printed first" in said(by_source["%%julia"]) or any(
        "printed first" in said(c) for c in notebook.cells if c.cell_type == "code"
    )
    failed = {name: error(cell) for name, cell in by_source.items() if error(cell)}
    for name, (kind, text) in failed.items():
        assert MAY_FAIL in by_source[name].metadata.get("tags", []), f"{name}: {kind}: {text}"
    assert failed["%%julia --worker --seconds 1"][0] == "Cancelled"
    # On a machine so busy that Julia does not react within a second, its process is ended.
    if "was ended" not in failed["%%julia --worker --seconds 1"][1]:
        assert "42" in said(by_source["%%julia --worker -o kept"])
    shown = [sorted(o.get("data", {})) for o in by_source["%%julia -i calm"].outputs]
    assert [kinds for kinds in shown if "text/latex" in kinds or "image/svg+xml" in kinds] == [
        ["text/latex"],
        ["image/svg+xml", "text/plain"],
    ]
    assert "auto → " in said(by_source["%julia compare wave"])
    assert "ROCm" in said(by_source["%julia devices --no-test"])
    domain = [error(c) for c in notebook.cells if c.cell_type == "code" and "half(-1.0)" in c.source]
    assert domain[0] is not None
    assert "DomainError (line 1)" in domain[0][1]
    for device in ("%%julia --device amdgpu", "%%reactant wave --with signal 2.0"):
        if device in failed:  # on a machine without the package or the GPU
            assert failed[device][0] in ("DeviceError", "JuliaError"), failed[device]


def said(cell: Any) -> str:
    """What a cell printed and displayed as text."""
    return "".join(o.get("text", "") + str(o.get("data", {}).get("text/plain", "")) for o in cell.outputs)


def error(cell: Any) -> tuple[str, str] | None:
    """Type and text of the error that ended a cell."""
    found = [o for o in cell.outputs if o.output_type == "error"]
    return (found[0].ename, "\n".join([found[0].evalue, *found[0].traceback])) if found else None
