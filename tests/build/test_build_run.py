"""``jupyter julia-aot run``: the program has the terminal to itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.build.test_build_faults import PRINTED

RUN = [sys.executable, "-m", "jupyter_julia_aot.cli", "run"]


def script(folder: Path, text: str) -> str:
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return str(program)


def test_input_and_output_are_passed_on_as_they_come(tmp_path: Path) -> None:
    program = script(tmp_path, 'while read -r line; do echo "$1 $line"; done; exit 3')
    process = subprocess.Popen(
        [*RUN, program, "got"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for word in ("one", "two"):
        process.stdin.write(f"{word}\n")
        process.stdin.flush()
        assert process.stdout.readline() == f"got {word}\n", "before the input ends"
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said == "exit code 3\n"


def test_json_has_it_as_text(tmp_path: Path) -> None:
    program = script(tmp_path, 'cat; echo "$*" >&2')
    ran = subprocess.run(
        [*RUN, "--json", program, "a b", "--json"], input="x\n", capture_output=True, text=True, timeout=60
    )
    value = json.loads(ran.stdout)
    assert (value["exit_code"], value["stdout"], value["stderr"]) == (0, "x\n", "a b --json\n")


def test_a_missing_method_is_explained(tmp_path: Path) -> None:
    (tmp_path / "printed").write_text(PRINTED)
    program = script(tmp_path, f"cat {tmp_path}/printed >&2; kill -ABRT $$")
    ran = subprocess.run([*RUN, program], capture_output=True, text=True, timeout=60)
    assert ran.stderr.startswith(PRINTED)
    assert "cell.jl:5: MethodError: no method of area" in ran.stderr
    assert ran.stderr.endswith("ended by signal 6\n")


def test_it_can_be_given_a_limit(tmp_path: Path) -> None:
    program = script(tmp_path, "exec sleep 60")
    ran = subprocess.run([*RUN, "--seconds", "0.5", program], capture_output=True, text=True, timeout=50)
    assert ran.returncode == 1
    assert "did not end within 0.5 s" in ran.stderr
