"""Programs that the trim verifier refuses: each cause is named, and ``--fix`` mends what a rule can.

``trim_programs/`` holds them, each with its cause and whether ``--fix`` brings it to pass;
``verifier_output.json`` what Julia 1.12.5 said about each.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
from pathlib import Path

import pytest

from jupyter_julia_aot.build import build, read_diagnostics, run_artifact
from jupyter_julia_aot.build.remedies import CAUSES, explain, explained
from jupyter_julia_aot.errors import BuildError
from jupyter_julia_aot.records import Recipe, Toolchain
from jupyter_julia_aot.toolchain.find import julia_command, julia_environment

FOLDER = Path(__file__).with_name("trim_programs")
SAID = json.loads(Path(__file__).with_name("verifier_output.json").read_text(encoding="utf-8"))
NAMES = sorted(p.stem for p in FOLDER.glob("*.jl"))
# What it prints is a time, is laid out otherwise on purpose (one line), or has `Any` in front no more.
PRINTS_OTHERWISE = {"time_macro", "display", "sort_any"}
QUICK = ["println", "any_vector", "catch_show", "dict_of_any"]


@dataclasses.dataclass(frozen=True)
class Program:
    """A program of the collection."""

    code: str
    cause: str
    fixed: bool


def program(name: str) -> Program:
    code = (FOLDER / f"{name}.jl").read_text(encoding="utf-8")
    first, second, *_ = code.splitlines()
    return Program(code, first.removeprefix("# cause: "), second == "# fixed: yes")


def test_the_collection_is_large_and_varied() -> None:
    assert len(NAMES) >= 25
    assert sorted(SAID) == NAMES
    causes = {program(name).cause for name in NAMES}
    assert len(causes) >= 15
    assert causes <= set(CAUSES)


@pytest.mark.parametrize("name", NAMES)
def test_the_cause_is_named_at_the_users_line(name: str) -> None:
    one = program(name)
    found = explained(read_diagnostics(SAID[name], {"src/cell.jl": "cell"}), {"cell": one.code})
    assert one.cause in [d.cause for d in found]
    for diagnostic in found:
        assert diagnostic.severity == "error"
        assert diagnostic.file == "cell"
        assert diagnostic.line is not None
        assert 3 <= diagnostic.line <= len(one.code.splitlines())
        assert (diagnostic.remedy == "") == (diagnostic.cause == "")


def test_the_same_statement_is_told_once() -> None:
    said = SAID["println"]
    assert said.count("Verifier error #") > len(read_diagnostics(said, {"src/cell.jl": "cell"}))


def test_an_unknown_message_has_no_cause() -> None:
    assert explain("unresolved finalizer registered") == ("", "")


def build_fixed(name: str, juliac: Toolchain) -> str:
    """Empty when ``--fix`` brings the program to pass and it prints what Julia prints; else why not."""
    one = program(name)
    recipe = Recipe(name=name, code=one.code, trim="safe", fix=True)
    try:
        built = build(recipe, juliac)
    except BuildError as error:
        return error.message
    assert built.fixes, name
    assert built.diff.startswith("--- cell\n+++ cell (fixed)\n")
    changed = [line for line in built.diff.splitlines() if line.startswith("+") and line[:3] != "+++"]
    assert {f.line for f in built.fixes} <= set(range(1, len(one.code.splitlines()) + 1))
    assert changed
    said = run_artifact(built.artifact, stdin=b"one\ntwo\n", timeout=120)
    script = str(FOLDER / f"{name}.jl")
    expected = subprocess.run(
        julia_command(juliac, script),
        env=julia_environment(juliac),
        input=b"one\ntwo\n",
        capture_output=True,
        timeout=900,
    )
    if name not in PRINTS_OTHERWISE:
        assert said.stdout == expected.stdout.decode(), name
    return "" if said.exit_code == expected.returncode == 0 else f"exit code {said.exit_code}"


@pytest.mark.julia112
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", QUICK)
def test_a_fix_is_shown_and_does_what_the_program_did(name: str, juliac: Toolchain) -> None:
    assert (build_fixed(name, juliac) == "") == program(name).fixed


@pytest.mark.julia112
@pytest.mark.timeout(1800)
def test_what_cannot_be_fixed_says_what_was_tried(juliac: Toolchain) -> None:
    code = 'function @main(args)\n    println("x")\n    eval(Meta.parse(args[1]))\n    return 0\nend\n'
    with pytest.raises(BuildError, match="nothing more can be rewritten") as raised:
        build(Recipe(name="partly", code=code, trim="safe", fix=True), juliac)
    assert '+    println(Core.stdout, "x")' in raised.value.diff
    assert {d.cause for d in raised.value.diagnostics} >= {"eval"}


@pytest.mark.julia112
@pytest.mark.timeout(1800)
def test_what_cannot_be_trimmed_is_built_whole_and_says_why(juliac: Toolchain, tmp_path: Path) -> None:
    recipe = Recipe(name="whole", code=program("parse_guess").code, trim="auto")
    built = build(recipe, juliac, out=tmp_path)
    files = sorted(tmp_path.rglob("*"))
    assert (built.artifact.trim, built.artifact.backend) == ("no", "package-image")
    assert built.verified.stdout == "43\n"
    assert run_artifact(built.artifact, ["7"]).stdout == "8\n"
    assert sorted(tmp_path.rglob("*")) == files, "it has moved, and still nothing is compiled again"
    first, *others = built.diagnostics
    assert first.severity == "warning"
    assert "cannot be trimmed (parse without type)" in first.message
    assert {d.severity for d in others} == {"warning"}


@pytest.mark.slow
@pytest.mark.julia112
@pytest.mark.timeout(4000)
def test_how_many_programs_a_fix_brings_to_pass(juliac: Toolchain) -> None:
    left = {name: why for name in NAMES if (why := build_fixed(name, juliac))}
    print(f"\n--fix brings {len(NAMES) - len(left)} of {len(NAMES)} programs to pass")
    for name, why in left.items():
        print(f"  {name} ({program(name).cause}): {why[:100]}")
    assert sorted(left) == [name for name in NAMES if not program(name).fixed]
