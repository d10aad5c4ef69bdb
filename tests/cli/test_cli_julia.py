"""The command line with a real Julia: what scripts rely on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_julia_aot.records import Toolchain
from tests.cli.contract import CONTRACT, assert_shaped_like
from tests.pipeline.server import answering, fenced

pytestmark = pytest.mark.julia

TESTS = "@test cube(3) == 27\n@test cube(-2) == -8\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tests.jl").write_text(TESTS)
    (tmp_path / "right.jl").write_text("cube(x) = x^3\n")
    (tmp_path / "wrong.jl").write_text("cube(x) = x^2\n")
    (tmp_path / "throws.jl").write_text("function cube(x)\n    len(x)\nend\n")
    (tmp_path / "syntax.jl").write_text("function cube(x)\n    x ** 3\nend\n")
    return tmp_path


def run(folder: Path, *arguments: str, julia: str = "", **environment: str) -> tuple[int, Any, str]:
    """Exit code, JSON of stdout (or its text), stderr."""
    env = {**os.environ, "JULIA_AOT_DATA_DIR": str(folder / "data"), **environment}
    if julia:
        env["JULIA_AOT_JULIA"] = julia
    ran = subprocess.run(
        [sys.executable, "-m", "jupyter_julia_aot.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=env,
        timeout=1000,
    )
    assert "Traceback" not in ran.stderr, ran.stderr
    return ran.returncode, json.loads(ran.stdout) if "--json" in arguments else ran.stdout, ran.stderr


def test_doctor_tells_the_contract(folder: Path, toolchain: Toolchain) -> None:
    code, report, _ = run(folder, "doctor", "--json")
    assert_shaped_like(report, CONTRACT["doctor"])
    assert code == (1 if report["problems"] else 0)
    assert report["julia"][0]["version"] == toolchain.version
    assert "trial" in report["julia"][0]["capabilities"]
    for julia in report["julia"]:
        lacking = {"trial", "sysimage", "packagecompiler", "juliacall", "juliac"} - set(julia["capabilities"])
        assert lacking == set(julia["reason"]), "every missing capability has its reason"


def test_doctor_says_it_in_words(folder: Path, toolchain: Toolchain) -> None:
    _, said, _ = run(folder, "doctor", julia=toolchain.path)
    assert f"Julia    {toolchain.version}  {toolchain.path}" in said
    assert "✓ prove candidates (trial)" in said
    for why in toolchain.reason.values():
        assert f": {why}" in said


def test_doctor_names_a_broken_julia(folder: Path) -> None:
    broken = folder / "julia"
    broken.write_text("#!/bin/sh\necho nonsense\n")
    broken.chmod(0o755)
    code, report, _ = run(folder, "doctor", "--json", julia=str(broken))
    assert code == 1
    assert any(str(broken) in p["what"] for p in report["problems"])
    assert all(p["remedy"] for p in report["problems"])


@pytest.mark.parametrize(
    ("file", "code", "verdict"),
    [
        ("right.jl", 0, "passed"),
        ("wrong.jl", 1, "failed"),
        ("throws.jl", 1, "error"),
        ("syntax.jl", 1, "syntax"),
    ],
)
def test_try(folder: Path, toolchain: Toolchain, file: str, code: int, verdict: str) -> None:
    got, value, _ = run(folder, "try", file, "--tests", "tests.jl", "--json")
    assert (got, value["verdict"]) == (code, verdict)
    assert_shaped_like(value, CONTRACT["try"])
    if verdict in ("error", "syntax"):
        assert_shaped_like(value, CONTRACT["try_error"])
        # Julia's parser before 1.10 does not always say where.
        assert value["error"]["line"] in (2, None if verdict == "syntax" else 2)


def test_a_history_that_cannot_be_written_costs_no_answer(folder: Path, toolchain: Toolchain) -> None:
    (folder / "file").write_text("")
    tests = ("try", "right.jl", "--tests", "tests.jl", "--json")
    code, trial, said = run(
        folder, *tests, julia=toolchain.path, JULIA_AOT_DATA_DIR=str(folder / "file/data")
    )
    assert (code, trial["verdict"]) == (0, "passed")
    kept = said.split("history --recover ")[1].strip()
    assert run(folder, "history", "--recover", kept, "--json")[1]["recovered"] > 0
    assert [r["verdict"] for r in run(folder, "history", "--json")[1]] == ["passed"]
    assert not Path(kept).exists()


def test_try_refuses_tests_that_test_nothing(folder: Path, toolchain: Toolchain) -> None:
    (folder / "empty.jl").write_text("1 + 1\n")
    code, value, said = run(folder, "try", "right.jl", "--tests", "empty.jl", "--json")
    assert code == 2
    assert value["error"]["type"] == "OracleError"
    assert "empty.jl" in said


def test_gen(folder: Path, toolchain: Toolchain) -> None:
    with answering(fenced("cube(x) = x^2"), fenced("cube(x) = x^3")) as server:
        code, value, said = run(
            folder, "gen", "the cube of x", "--name", "cube", "-n", "2", "--tests", "tests.jl", "--json",
            "--base-url", server.url,
        )  # fmt: skip
    assert code == 0
    assert_shaped_like(value, CONTRACT["gen"])
    by_id = {c["id"]: c for c in value["candidates"]}
    assert by_id[value["selected"]]["code"] == "cube(x) = x^3"
    assert sorted(c["verdict"] for c in value["candidates"]) == ["failed", "passed"]
    assert value["tokens"]["completion"] > 0
    assert "passed" in said
    code, runs, _ = run(folder, "history", "--json")
    assert (code, runs[0]["id"], runs[0]["passed"]) == (0, value["run_id"], 1)


def test_gen_answers_no_when_none_passes(folder: Path, toolchain: Toolchain) -> None:
    with answering(fenced("cube(x) = 0")) as server:
        code, value, _ = run(
            folder, "gen", "the cube of x", "--name", "cube", "-n", "1", "--repair", "0",
            "--tests", "tests.jl", "--json", "--base-url", server.url,
        )  # fmt: skip
    assert (code, value["selected"]) == (1, None)
    assert value["reason"]


def test_a_demo_that_the_model_found_here_cannot_do_names_the_one_that_can(
    folder: Path, toolchain: Toolchain
) -> None:
    with answering(*[fenced("cube(x) = 0")] * 8) as server:
        code, _, said = run(folder, "demo", "--out", str(folder), JULIA_AOT_BASE_URL=server.url)
    assert code == 1
    assert "none of" in said
    assert f"m at {server.url} was asked" in said
    assert "JULIA_AOT_BASE_URL=embedded make demo" in said
    assert (folder / "01_generate_and_compile.html").is_file()


def test_gen_without_a_server_could_not_run(folder: Path, toolchain: Toolchain) -> None:
    code, value, _ = run(
        folder, "gen", "x", "--name", "f", "--json", "--base-url", "http://127.0.0.1:9/v1",
    )  # fmt: skip
    assert code == 2
    assert value["error"]["type"] == "NoServerError"
    assert value["error"]["remedy"]


def test_a_julia_that_does_not_exist(folder: Path) -> None:
    code, value, _ = run(folder, "try", "right.jl", "--json", "--julia", "/nowhere/julia")
    assert code == 2
    assert "/nowhere/julia" in value["error"]["message"]
    assert value["error"]["remedy"]


def test_eval(folder: Path, toolchain: Toolchain) -> None:
    task = {
        "name": "HumanEval_0_cube",
        "language": "jl",
        "prompt": '"""The cube of x."""\nfunction cube(x)\n',
        "tests": "using Test\n@test cube(3) == 27\n",
        "stop_tokens": ["\nfunction"],
    }
    (folder / "tasks.jsonl").write_text(json.dumps(task) + "\n")
    samples = [
        {"task_id": task["name"], "solution": "cube(x) = x^3"},
        {"task_id": task["name"], "solution": "cube(x) = x^2"},
        {"task_id": task["name"], "response": fenced("function cube(x)\n    x^3\nend")},
    ]
    (folder / "samples.jsonl").write_text("".join(json.dumps(s) + "\n" for s in samples))
    ran = subprocess.run(
        [
            sys.executable, "-m", "jupyter_julia_aot.cli", "eval", "tasks.jsonl", "--samples",
            "samples.jsonl", "--json", "out.json", "--html", "out.html", "-k", "1,2", "--workers", "1",

        ],
        capture_output=True, text=True, cwd=folder, timeout=1000,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    value = json.loads((folder / "out.json").read_text())
    assert_shaped_like(value, CONTRACT["eval"])
    assert value["tasks"] == {task["name"]: ["passed", "failed", "passed"]}
    assert value["pass@k"] == {"1": pytest.approx(2 / 3), "2": pytest.approx(1.0)}
    assert (folder / "out.html").read_text().startswith("<!doctype html>")
    assert "pass@1" in ran.stdout
    assert sorted(p.name for p in folder.glob("samples*")) == ["samples.jsonl"]


HELLO = """
function (@main)(args::Vector{String})::Cint
    println(Core.stdout, "hello ", length(args))
    return length(args)
end
"""


@pytest.mark.julia112
def test_build_run_and_list(folder: Path, toolchain112: Toolchain) -> None:
    (folder / "hello.jl").write_text(HELLO)
    build = ("build", "hello.jl", "--trim", "safe", "--out", "out", "--json")
    cache = {"JULIA_AOT_CACHE_DIR": str(folder / "cache")}
    code, value, said = run(folder, *build, **cache)
    assert code == 0, said
    assert_shaped_like(value, CONTRACT["build"])
    assert value["verified"] == {**value["verified"], "ran": True, "exit_code": 0, "stdout": "hello 0\n"}
    assert Path(value["artifact"]["path"]) == folder / "out" / "hello"
    again = run(folder, *build, **cache)[1]
    assert again["cached"]
    code, ran, _ = run(folder, "run", "--json", "hello", "a", "b", **cache)
    assert (code, ran["exit_code"], ran["stdout"]) == (1, 2, "hello 2\n")
    code, builds, _ = run(folder, "builds", "--json", **cache)
    assert [b["artifact"]["name"] for b in builds] == ["hello", "hello"]
    assert builds[0]["present"]


@pytest.mark.julia112
def test_a_build_that_fails_answers_no_with_diagnostics(folder: Path, toolchain112: Toolchain) -> None:
    (folder / "bad.jl").write_text("function (@main)(args)\n    println(args)\n    return 0\nend\n")
    code, value, _ = run(
        folder, "build", "bad.jl", "--trim", "safe", "--json",
        JULIA_AOT_CACHE_DIR=str(folder / "cache"),
    )  # fmt: skip
    assert code == 1
    assert value["artifact"] is None
    assert value["diagnostics"][0]["line"] == 2
    assert_shaped_like(value["diagnostics"][0], CONTRACT["diagnostic"])


def test_trimming_without_juliac_says_why_not(folder: Path, toolchain: Toolchain) -> None:
    if "juliac" in toolchain.capabilities:
        pytest.skip(f"Julia {toolchain.version} can trim")
    (folder / "hello.jl").write_text(HELLO)
    code, value, _ = run(folder, "build", "hello.jl", "--trim", "safe", "--json")
    assert code == 2
    assert value["error"]["type"] == "CapabilityError"
    assert toolchain.version in value["error"]["message"]
