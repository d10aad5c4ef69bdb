"""The demo notebook, as `make demo` runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_julia_aot.records import Toolchain

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "01_generate_and_compile.ipynb"


def cells(kind: str) -> list[Any]:
    return [c for c in nbformat.read(NOTEBOOK, as_version=4).cells if c.cell_type == kind]


def test_it_is_committed_without_outputs() -> None:
    for cell in cells("code"):
        assert cell.outputs == []
        assert cell.execution_count is None


def test_every_code_cell_is_explained() -> None:
    kinds = [c.cell_type for c in nbformat.read(NOTEBOOK, as_version=4).cells]
    assert kinds[0] == "markdown"
    assert "code code code" not in " ".join(kinds)


def test_every_magic_it_uses_exists() -> None:
    from jupyter_julia_aot.magics.commands import COMMANDS

    known = {"%load_ext", "%julia", "%%julia_tests", "%%julia_gen", "%%juliac"}
    for cell in cells("code"):
        for line in cell.source.splitlines():
            words = line.split()
            if not words or not words[0].startswith("%"):
                continue
            assert words[0] in known, line
            if words[0] == "%julia":
                assert words[1] in COMMANDS, line


@pytest.mark.julia
@pytest.mark.model
@pytest.mark.timeout(1800)
def test_the_demo_runs_and_leaves_a_page(tmp_path: Path, toolchain: Toolchain) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "jupyter_julia_aot.cli", "demo", "--out", str(tmp_path), "--json"],
        capture_output=True,
        text=True,
        env={**os.environ, "JULIA_AOT_DATA_DIR": str(tmp_path / "data")},
        timeout=1780,
    )
    report = json.loads(ran.stdout)
    assert ran.returncode == 0, report["error"]
    page = (tmp_path / "01_generate_and_compile.html").read_text(encoding="utf-8")
    assert "candidates passed" in page
    assert "jja-row" in page, "the static form of the widget"
    assert "<script src=" not in page
    copy = nbformat.read(tmp_path / NOTEBOOK.name, as_version=4)
    text = [output.get("text", "") for c in copy.cells if c.cell_type == "code" for output in c.outputs]
    assert any("27" in t for t in text), "the executable ran"
