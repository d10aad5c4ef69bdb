"""A trimmed program that meets a missing method says so at its line; a fresh program cannot look around."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_julia_aot.build.faults import explain, with_explanation
from jupyter_julia_aot.errors import Cancelled
from jupyter_julia_aot.pipeline.confined import first_run

# As Julia 1.12.5 printed it, for area("one") where area(::Int64) is the only method.
PRINTED = """\
fatal: error thrown and no exception handler available.
Core.MethodError(f=AotMe.var"#area"(), args=("one",), world=0x0000000000009774)
jl_method_error_bare at /usr/src/julia/src/gf.c:3043
jl_method_error at /usr/src/julia/src/gf.c:3061
jl_f_throw_methoderror at /usr/src/julia/src/builtins.c:608 [inlined]
main at /tmp/jl_uLNqeJ/src/cell.jl:5
_main at /depot/JuliaC/src/scripts/juliac-buildscript.jl:77
"""


def test_a_missing_method_is_told_at_the_line() -> None:
    found = explain(PRINTED, "cell 3")
    assert found is not None
    assert found.message.startswith('MethodError: no method of area for ("one",) is in this trimmed program')
    assert (found.file, found.line, found.cause) == ("cell 3", 5, "no method at run time")
    assert "--trim no" in found.remedy
    assert with_explanation(PRINTED).rstrip().splitlines()[-1].startswith("cell.jl:5: MethodError: no method")


def test_other_exceptions() -> None:
    text = PRINTED.replace(PRINTED.splitlines()[1], 'Base.DomainError(val=-1, msg="negative")')
    found = explain(text)
    assert found is not None
    assert (found.message, found.line, found.cause) == ('DomainError: val=-1, msg="negative"', 5, "")


def test_an_ordinary_text_is_left_alone() -> None:
    assert explain("usage: f <x>\nMethodError(f=g, args=(1,), world=0x1)") is None
    assert with_explanation("hello\n") == "hello\n"


@given(st.lists(st.sampled_from([*PRINTED.splitlines(), "", "x at y/src/z.jl:1", "\x00", "MethodError(f="])))
def test_any_text_is_read(lines: list[str]) -> None:
    explain("\n".join(lines))


def script(folder: Path, text: str) -> Path:
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return program


def confined(program: Path) -> tuple[int | None, str]:
    ran = first_run(program, ["a b"], [str(program.parent)], None)
    if ran is None:
        pytest.skip("no sandbox works on this machine")
    return ran.exit_code, ran.stdout


def test_the_first_run_sees_its_own_folder_only(tmp_path: Path) -> None:
    secret = tmp_path / "home" / "secret"
    secret.parent.mkdir()
    secret.write_text("token")
    (tmp_path / "product").mkdir()
    (tmp_path / "product" / "mine").write_text("mine")
    here = tmp_path / "product"
    program = script(
        here,
        f'echo "$1"; cat {here}/mine; cat {secret} 2>/dev/null; echo x > {here}/new 2>/dev/null; '
        'echo scratch > file && cat file; test "$HOME" = "$PWD" && echo home; exit 3',
    )
    assert confined(program) == (3, "a b\nminescratch\nhome\n")
    assert not (here / "new").exists()


def test_the_first_run_has_no_network(tmp_path: Path) -> None:
    import socket
    import sys

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
        # The system's Python, where there is one: the sandbox shows /usr, not this environment.
        system = Path("/usr/bin/python3")
        if not system.exists():
            pytest.skip(f"no Python in /usr to try it with (this one is {sys.executable})")
        status, _ = confined(script(tmp_path, f'{system} -c "{code}" 2>/dev/null && echo connected'))
        assert status != 0


def test_the_first_run_can_be_stopped(tmp_path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    confined(script(tmp_path, "exit 0"))
    program = script(tmp_path, "sleep 60")
    with pytest.raises(Cancelled):
        first_run(program, [], [str(tmp_path)], cancel)
