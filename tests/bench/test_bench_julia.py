"""Every form of task on real Julia, and the tasks of the package with their wrong solutions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_julia_aot.bench import Sample, evaluate, load_tasks
from jupyter_julia_aot.records import Toolchain
from jupyter_julia_aot.trial import TrialPool
from tests.bench.test_bench_tasks import MCEVAL, MULTIPL_E, PROGRAM, humaneval, lines

pytestmark = pytest.mark.julia


@pytest.fixture(scope="module")
def pool(toolchain: Toolchain) -> Iterator[TrialPool]:
    with TrialPool(toolchain, workers=2) as pool:
        yield pool


def test_the_tasks_of_the_package_tell_right_from_wrong(pool: TrialPool) -> None:
    tasks = load_tasks()
    samples = [
        Sample(task_id=task.id, index=index, code=code)
        for task in tasks
        for index, code in enumerate([task.reference, *(code for _, code in task.wrong)])
    ]
    evaluation = evaluate(tasks, samples, pool.submit)
    assert evaluation.faults == {}
    for task in tasks:
        right, *wrong = evaluation.tasks[task.id]
        assert right == "passed", f"{task.id}: the reference is {right}"
        assert "passed" not in wrong, f"{task.id}: a wrong solution passed ({wrong})"


def test_multipl_e_and_mceval(pool: TrialPool, tmp_path: Path) -> None:
    tasks = load_tasks(lines(tmp_path / "t.jsonl", MULTIPL_E, MCEVAL))
    samples = [
        Sample(task_id=task.id, index=index, code=code)
        for task in tasks
        for index, code in enumerate(["twice(x) = 2x", "twice(x) = x + 3", "twice(x) = ", "half(x) = x"])
    ]
    evaluation = evaluate(tasks, samples, pool.submit)
    for verdicts in evaluation.tasks.values():
        assert verdicts == ("passed", "failed", "syntax", "error")
    assert evaluation.syntax_rate == 0.75
    reference = Sample(task_id="Julia/900", index=0, code=tasks[1].reference)
    assert evaluate(tasks, [reference], pool.submit).pass_at(1) == 1.0


def test_humaneval_jl_basic_and_plus(pool: TrialPool, tmp_path: Path) -> None:
    root = humaneval(tmp_path)
    almost = "half_up(x) = x ÷ 2"
    samples = [
        Sample(task_id="007_half_up", index=0, code=load_tasks(root)[0].reference),
        Sample(task_id="007_half_up", index=1, code=almost),
    ]
    assert evaluate(load_tasks(root), samples, pool.submit).tasks["007_half_up"] == ("passed", "passed")
    plus = evaluate(load_tasks(root, "plus"), samples, pool.submit)
    assert plus.tasks["007_half_up"] == ("passed", "failed"), "the added tests tell them apart"


PROGRAMS = {
    "println(sum(parse.(Int, split(readline()))))": "passed",
    "a, b = parse.(Int, split(read(stdin, String)))\nprintln(a + b, '\\n')": "passed",
    "using Printf\nstruct P; x::Int; end\nfunction main()\n    for line in eachline()\n"
    '        p = P(sum(parse(Int, w) for w in split(line)))\n        @printf("%d\\n", p.x)\n    end\nend\n'
    "if abspath(PROGRAM_FILE) == @__FILE__\n    main()\nend": "passed",
    "println(sum(parse.(Int, split(readline()))) + 1)": "failed",
    "print(": "syntax",
    "println(undefined_name)": "error",
    "end; println(3); begin": "failed",
}


def test_programs_from_stdin_to_stdout(pool: TrialPool, tmp_path: Path) -> None:
    tasks = load_tasks(lines(tmp_path / "t.jsonl", PROGRAM))
    samples = [Sample(task_id="sum", index=i, code=code) for i, code in enumerate(PROGRAMS)]
    evaluation = evaluate(tasks, samples, pool.submit)
    verdicts = dict(zip(PROGRAMS, evaluation.tasks["sum"], strict=True))
    escaping = "end; println(3); begin"
    assert verdicts.pop(escaping) != "passed"
    assert verdicts == {code: verdict for code, verdict in PROGRAMS.items() if code != escaping}


def test_awkward_text_reaches_a_program_unchanged(pool: TrialPool, tmp_path: Path) -> None:
    text = 'a"b$c\\d\té\u2028\U0001f600 $(1+1)'
    task = {
        "task_id": "echo",
        "prompt": "Echo.",
        "test_cases": [{"input": text + "\n", "output": text + "\n"}],
    }
    tasks = load_tasks(lines(tmp_path / "t.jsonl", task))
    evaluation = evaluate(tasks, [Sample(task_id="echo", index=0, code="println(readline())")], pool.submit)
    assert evaluation.tasks["echo"] == ("passed",)


def test_the_number_of_workers_does_not_matter(toolchain: Toolchain, pool: TrialPool) -> None:
    tasks = load_tasks()[:3]
    samples = [
        Sample(task_id=task.id, index=index, code=code)
        for task in tasks
        for index, code in enumerate([task.reference, task.wrong[0][1], "function f("])
    ]
    two = evaluate(tasks, samples, pool.submit).to_json()
    with TrialPool(toolchain, workers=1) as alone:
        one = evaluate(tasks, list(reversed(samples)), alone.submit).to_json()
    for timing in ("wall_seconds", "worker_seconds"):
        del one[timing], two[timing]
    assert json.dumps(one) == json.dumps(two)
