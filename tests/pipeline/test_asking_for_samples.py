"""``eval --generate``: samples from a model server, gone on with after a kill. Needs no Julia."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_julia_aot.errors import BenchError
from jupyter_julia_aot.pipeline import Options
from jupyter_julia_aot.pipeline.evaluation import generate_samples
from tests.model.scripted import Scripted
from tests.pipeline.server import answering, fenced


def task_folder(root: Path, *names: str) -> str:
    for name in names:
        folder = root / "tasks" / name
        folder.mkdir(parents=True)
        (folder / "task.toml").write_text(f'name = "{name}"\n')
        (folder / "prompt.md").write_text(f"Return what {name} returns.\n")
        (folder / "oracle.jl").write_text(f"@test {name}(1) == 1\n")
    return str(root / "tasks")


def options(server: Scripted, samples: int) -> Options:
    return Options.of(base_url=server.url, model="m", samples=samples)


def asked(path: Path) -> list[str]:
    return [json.loads(line)["task_id"] for line in path.read_text().splitlines()]


def test_every_task_gets_its_samples_and_a_second_run_asks_for_none(tmp_path: Path) -> None:
    tasks, path = task_folder(tmp_path, "one", "two"), tmp_path / "samples.jsonl"
    answers = [fenced(f"{name}(x) = x + {i}") for name in ("one", "two") for i in range(2)]
    seen: list[tuple[int, int]] = []
    with answering(*answers) as server:
        assert generate_samples(tasks, path, options(server, 2), progress=lambda *p: seen.append(p)) == 4
        assert asked(path) == ["one", "one", "two", "two"]
        solutions = [json.loads(line)["solution"] for line in path.read_text().splitlines()]
        # A task's answers are asked for at the same time, and come in any order.
        assert sorted(solutions[2:]) == ["two(x) = x + 0", "two(x) = x + 1"]
        assert seen == [(0, 2), (1, 2)]
        assert generate_samples(tasks, path, options(server, 2)) == 0


def test_a_run_that_was_killed_while_writing_goes_on(tmp_path: Path) -> None:
    tasks, path = task_folder(tmp_path, "one", "two"), tmp_path / "samples.jsonl"
    path.write_text('{"task_id": "one", "solution": "one(x) = x"}\n{"task_id": "two", "solu')
    with answering(fenced("two(x) = x")) as server:
        assert generate_samples(tasks, path, options(server, 1)) == 1
    assert asked(path) == ["one", "two"]


def test_a_file_without_a_last_line_break_is_added_to(tmp_path: Path) -> None:
    tasks, path = task_folder(tmp_path, "one", "two"), tmp_path / "samples.jsonl"
    path.write_text('{"task_id": "one", "solution": "one(x) = x"}')
    with answering(fenced("two(x) = x")) as server:
        assert generate_samples(tasks, path, options(server, 1)) == 1
    assert asked(path) == ["one", "two"]


def test_a_broken_line_in_the_middle_is_named(tmp_path: Path) -> None:
    tasks, path = task_folder(tmp_path, "one"), tmp_path / "samples.jsonl"
    path.write_text('{"task_id": "one", "solu\n{"task_id": "one", "solution": "one(x) = x"}\n')
    with answering() as server, pytest.raises(BenchError, match=r"samples\.jsonl, line 1: no sample"):
        generate_samples(tasks, path, options(server, 1))
