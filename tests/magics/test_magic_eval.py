"""``%julia eval`` in a shell, on tasks of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_julia_aot import bench
from jupyter_julia_aot.errors import BenchError, SettingError

pytestmark = [pytest.mark.julia, pytest.mark.usefixtures("toolchain")]


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """Two right answers and a wrong one."""
    tasks = Path(bench.__file__).parent / "tasks"
    chosen = sorted(p for p in tasks.iterdir() if (p / "reference.jl").is_file())[:3]
    lines = [
        {"task_id": p.name, "solution": (p / "reference.jl").read_text(encoding="utf-8")} for p in chosen
    ]
    lines[-1]["solution"] = "nothing_of_the_kind() = 0"
    file = tmp_path / "samples.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file


def test_it_tells_pass_at_k_and_writes_the_result(
    shell: Any, samples: Path, tmp_path: Path, capsys: Any
) -> None:
    out = tmp_path / "result.json"
    shell.run_line_magic("julia", f"eval --samples {samples} --json {out}")
    said = capsys.readouterr().out
    assert "3 judged" in said
    assert "pass@1  66.7%" in said
    assert json.loads(out.read_text(encoding="utf-8"))["pass@k"] == {"1": pytest.approx(2 / 3)}


def test_it_says_what_is_wrong(shell: Any, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="-k"):
        shell.run_line_magic("julia", "eval -k 0")
    with pytest.raises(BenchError, match="nowhere"):
        shell.run_line_magic("julia", f"eval --samples {tmp_path / 'nowhere.jsonl'}")
