"""Task sets: every form as its makers write it, and what a bad file is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_julia_aot.bench import load_tasks, read_samples
from jupyter_julia_aot.bench.programs import julia_string
from jupyter_julia_aot.bench.samples import to_try, with_context
from jupyter_julia_aot.errors import BenchError
from jupyter_julia_aot.search import rewrite_idioms

MULTIPL_E = {
    "name": "HumanEval_900_twice",
    "language": "jl",
    "prompt": '"""Twice the number.\n    >>> twice(2)\n    4\n    """\nfunction twice(x::Int64)::Int64 \n',
    "doctests": "transform",
    "tests": "using Test\n\n@testset begin\n\ncandidate = twice;\n\t@test(candidate(2) == 4)\nend\n",
    "stop_tokens": ["\nfunction", "\nmacro", "\n\n"],
}
MCEVAL = {
    "task_id": "Julia/900",
    "prompt": 'function twice(x::Int) :: Int\n    """\n    Twice the number.\n    """',
    "canonical_solution": "    return 2x\nend",
    "test": "# Test cases\n@assert twice(2) == 4\n@assert twice(3) == 6",
    "entry_point": "twice",
    "signature": "function twice(x::Int) :: Int",
    "docstring": "Twice the number.",
    "instruction": "Write a Julia function …",
    "level": "easy",
}
PROGRAM = {
    "task_id": "sum",
    "prompt": "Read numbers, print their sum.",
    "timeout_s": 5,
    "test_cases": [{"input": "1 2\n", "output": "3\n"}, {"input": "4 5\n", "output": "9"}],
}


def lines(path: Path, *objects: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(o) + "\n" for o in objects))
    return path


def test_multipl_e(tmp_path: Path) -> None:
    (task,) = load_tasks(lines(tmp_path / "t.jsonl", MULTIPL_E))
    assert task.id == "HumanEval_900_twice"
    assert task.prompt.name == "twice"
    assert task.prompt.signature == "twice(x::Int64)::Int64"
    assert task.prompt.request == "Twice the number.\n>>> twice(2)\n4"
    assert task.prompt.oracle is None, "a model must not see the tests"
    assert task.oracle.source == MULTIPL_E["tests"]
    assert task.given == MULTIPL_E["prompt"]
    assert task.stop[-1] == "\n\n"


def test_mceval(tmp_path: Path) -> None:
    (task,) = load_tasks(lines(tmp_path / "t.jsonl", MCEVAL))
    assert (task.id, task.prompt.name) == ("Julia/900", "twice")
    assert task.oracle.source == "# Test cases\n@test twice(2) == 4\n@test twice(3) == 6"
    assert task.reference.endswith("    return 2x\nend")


def test_programs(tmp_path: Path) -> None:
    (task,) = load_tasks(lines(tmp_path / "t.jsonl", PROGRAM))
    assert task.program
    assert task.oracle.source.count("@test ") == 2
    assert task.oracle.seconds == 2 * 5  # for each of the two runs
    assert to_try(task, "println(3)").startswith("const __aot_source__ = quote println(3)\nend\n")


def humaneval(root: Path) -> Path:
    for folder in ("src/tasks", "test/basic", "test/evalplus"):
        (root / folder).mkdir(parents=True)
    (root / "src/tasks/007_half_up.jl").write_text(
        'helper(x) = x / 2\n\n"""\n    half_up(x)\n\nhalf_up(x) is half of `x`, rounded up.\n"""\n'
        "function half_up(x)\n    ceil(Int, helper(x))\nend\n\nhalf_up(::Nothing) = 0\n"
    )
    header = '    include(joinpath(ENV["GENERATION_DIR"], "007_half_up.jl"))\n\n'
    (root / "test/basic/007_half_up_test.jl").write_text(
        f'@testitem "007_half_up.jl" tags=[:HumanEval] retries=3 begin\n\n{header}'
        "    for x in 1:2\n        @test half_up(2x) == x\n    end\nend"
    )
    (root / "test/evalplus/007_half_up_HumanEvalPlus_v0_1_9_test.jl").write_text(
        f'@testitem "007" tags=[:HumanEvalPlus_v0_1_9] begin\n{header}    @test half_up(3) == 2\nend\n'
    )
    return root


def test_humaneval_jl(tmp_path: Path) -> None:
    root = humaneval(tmp_path)
    (basic,) = load_tasks(root)
    assert (basic.id, basic.prompt.name) == ("007_half_up", "half_up")
    assert basic.prompt.request == "half_up(x)\n\nhalf_up(x) is half of `x`, rounded up."
    assert basic.prompt.context == "helper(x) = x / 2"
    assert "include(" not in basic.oracle.source
    assert "@testitem" not in basic.oracle.source
    assert basic.oracle.source.count("@test ") == 1
    (plus,) = load_tasks(root, "plus")
    assert plus.oracle.source.count("@test ") == 2
    assert plus.id == basic.id


def test_helpers_of_a_task_are_added_when_an_answer_lacks_them(tmp_path: Path) -> None:
    (task,) = load_tasks(humaneval(tmp_path))
    assert with_context(task, "half_up(x) = 1") == "helper(x) = x / 2\n\nhalf_up(x) = 1"
    own = "helper(x) = 3\nhalf_up(x) = 1"
    assert with_context(task, own) == own
    assert with_context(task, "") == ""


def own(
    folder: Path, toml: str = 'name = "f"\n', prompt: str = "Do it.", oracle: str = "@test f() == 1"
) -> Path:
    folder.mkdir()
    (folder / "task.toml").write_text(toml)
    (folder / "prompt.md").write_text(prompt)
    (folder / "oracle.jl").write_text(oracle)
    return folder


def test_our_own_form(tmp_path: Path) -> None:
    own(tmp_path / "b")
    own(tmp_path / "a", 'name = "g"\ntags = ["x"]\nsignature = "g(x)"\n')
    first, second = load_tasks(tmp_path)
    assert (first.id, first.prompt.name, first.tags, first.prompt.signature) == ("a", "g", ("x",), "g(x)")
    assert (second.id, second.wrong, second.reference) == ("b", (), "")
    assert load_tasks(tmp_path / "b")[0] == second


def test_the_tasks_of_the_package() -> None:
    tasks = load_tasks()
    assert len(tasks) >= 40
    for task in tasks:
        assert task.reference, task.id
        assert len(task.wrong) >= 2, task.id
        assert "@test" in task.oracle.source
        for code in (task.reference, *(code for _, code in task.wrong)):
            assert rewrite_idioms(code, task.prompt.name) == (code, ()), task.id


def bad(**changes: Any) -> dict[str, Any]:
    return {**MULTIPL_E, **changes}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "line 1: not JSON"),
        ("\n\n[1]", "line 3: not a JSON object"),
        (json.dumps({"a": 1}), "line 1: none of the known forms"),
        (json.dumps(bad(language="py")), "line 1: language is 'py'"),
        (json.dumps(bad(tests=3)), "line 1: field 'tests' is int, not str"),
        (json.dumps(bad(prompt="no header")), "line 1: field 'prompt' has no `function` line"),
        (json.dumps({k: v for k, v in MULTIPL_E.items() if k != "name"}), "line 1: field 'name' is missing"),
        (json.dumps({**MCEVAL, "test": "x"}), "line 1: field 'test' has no @assert line"),
        (json.dumps({**PROGRAM, "test_cases": []}), "line 1: field 'test_cases' is empty"),
        (json.dumps({**PROGRAM, "test_cases": [{"input": "1"}]}), "test case 1: field 'output' is missing"),
        (
            json.dumps(MULTIPL_E) + "\n" + json.dumps(MULTIPL_E),
            "line 2: task id 'HumanEval_900_twice' is also in",
        ),
        (json.dumps({**PROGRAM, "timeout_s": 0}), "line 1: field 'timeout_s' is 0, not seconds above 0"),
        (json.dumps({**PROGRAM, "timeout_s": "5"}), "line 1: field 'timeout_s' is '5', not seconds above 0"),
        ("", "holds no tasks"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(content)
    with pytest.raises(BenchError) as caught:
        load_tasks(path)
    assert message in caught.value.message
    assert "t.jsonl" in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("toml", "prompt", "oracle", "message"),
    [
        ("name = ", "p", "o", "task.toml: Invalid value"),
        ("", "p", "o", "task.toml: field 'name' is missing"),
        ('name = "f"\nnmae = 1', "p", "o", "task.toml: unknown field 'nmae'"),
        ('name = "f"', " \n", "o", "prompt.md: the file is empty"),
        ('name = "f"', "p", "", "oracle.jl: the file is empty"),
        ('name = "f"\ntags = "x"', "p", "o", "task.toml: field 'tags' is str, not list"),
    ],
)
def test_a_bad_folder_is_named(tmp_path: Path, toml: str, prompt: str, oracle: str, message: str) -> None:
    own(tmp_path / "t", toml, prompt, oracle)
    with pytest.raises(BenchError) as caught:
        load_tasks(tmp_path)
    assert message in caught.value.message


def test_bad_places(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="no such file"):
        load_tasks(tmp_path / "nope")
    with pytest.raises(BenchError, match="holds no tasks"):
        load_tasks(tmp_path)
    (tmp_path / "t.jsonl").write_bytes(b'{}\n{"\xff"}')
    with pytest.raises(BenchError, match=r"t\.jsonl, line 2: not UTF-8"):
        load_tasks(tmp_path / "t.jsonl")
    root = humaneval(tmp_path / "he")
    with pytest.raises(BenchError, match="unknown suite"):
        load_tasks(root, "huge")  # type: ignore[arg-type]
    (root / "test/basic/007_half_up_test.jl").write_text("nothing")
    with pytest.raises(BenchError, match="has no `@testitem"):
        load_tasks(root)
    (root / "src/tasks/007_half_up.jl").write_text("half_up(x) = 1")
    with pytest.raises(BenchError, match=r"line 1: `half_up` has no docstring"):
        load_tasks(root)


def test_samples(tmp_path: Path) -> None:
    tasks = load_tasks(lines(tmp_path / "t.jsonl", MULTIPL_E, MCEVAL))
    path = lines(
        tmp_path / "s.jsonl",
        {"task_id": "Julia/900", "solution": "twice(x) = 2x"},
        {"task_id": "HumanEval_900_twice", "response": "Sure! twice(x) = 2x"},
        {"task_id": "Julia/900", "solution": ""},
    )
    samples = read_samples(path, tasks, lambda answer, task: answer.removeprefix("Sure! "))
    assert [(s.task_id, s.index, s.code) for s in samples] == [
        ("Julia/900", 0, "twice(x) = 2x"),
        ("HumanEval_900_twice", 0, "twice(x) = 2x"),
        ("Julia/900", 1, ""),
    ]


@pytest.mark.parametrize(
    ("sample", "message"),
    [
        ({"task_id": "nope", "solution": ""}, "line 1: no task 'nope'"),
        ({"solution": ""}, "line 1: field 'task_id' is missing"),
        ({"task_id": "Julia/900"}, "needs either 'response' or 'solution'"),
        ({"task_id": "Julia/900", "solution": "", "response": ""}, "needs either 'response' or 'solution'"),
        ({"task_id": "Julia/900", "solution": 3}, "field 'solution' is int"),
        ({"task_id": "Julia/900", "response": "x"}, "need an extraction"),
    ],
)
def test_a_bad_sample_is_named(tmp_path: Path, sample: dict[str, Any], message: str) -> None:
    tasks = load_tasks(lines(tmp_path / "t.jsonl", MCEVAL))
    with pytest.raises(BenchError) as caught:
        read_samples(lines(tmp_path / "s.jsonl", sample), tasks)
    assert message in caught.value.message


@given(st.text(max_size=30))
def test_julia_strings_are_one_line_and_closed(text: str) -> None:
    literal = julia_string(text)
    assert "\n" not in literal
    inside = literal[1:-1]
    assert inside.count('"') == inside.count('\\"')
    assert inside.count("$") == inside.count("\\$")
