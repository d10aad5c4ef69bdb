"""Compiler messages become diagnostics at the user's lines, however long and odd the text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jupyter_julia_aot.build import read_diagnostics
from jupyter_julia_aot.build.diagnostics import MOST

SOURCES = {"src/cell.jl": "cell"}

VERIFIER = """\
Verifier error #1: unresolved call from statement Core._apply_iterate(f, x)::Tuple{Any}
Stacktrace:
 [1] split_idents(s::SubString{String})
   @ Base version.jl:126 [inlined]
 [2] helper(x::Any)
   @ AotF ~/.cache/x/project/src/cell.jl:7 [inlined]
 [3] main(ARGS::Vector{String})
   @ AotF /tmp/jl_X/src/cell.jl:12

Verifier warning #2: unresolved ccallable for Tuple{} => Nothing

Trim verify finished with 1 error, 1 warning.
"""


def test_the_verifier_blames_the_innermost_line_of_the_user() -> None:
    first, second = read_diagnostics(VERIFIER, SOURCES)
    assert (first.severity, first.file, first.line) == ("error", "cell", 7)
    assert first.message.startswith("unresolved call from statement")
    assert (second.severity, second.file, second.line) == ("warning", None, None)


def test_a_load_error_of_an_old_julia() -> None:
    text = """\
ERROR: LoadError: UndefVarError: nope not defined
Stacktrace:
 [1] top-level scope at /tmp/b/project/src/cell.jl:3
 [2] include(::Module, ::String) at ./Base.jl:368
in expression starting at /tmp/b/project/src/cell.jl:3
"""
    (found,) = read_diagnostics(text, SOURCES)
    assert (found.message, found.file, found.line) == ("UndefVarError: nope not defined", "cell", 3)


def test_a_syntax_error_of_a_new_julia() -> None:
    text = """\
ERROR: LoadError: ParseError:
# Error @ /tmp/b/project/src/cell.jl:2:9
f(x) = (1 +
#       └── premature end of input
Stacktrace:
 [1] top-level scope
   @ /tmp/b/project/src/cell.jl:2
"""
    (found,) = read_diagnostics(text, SOURCES)
    assert (found.file, found.line) == ("cell", 2)
    assert "premature end of input" in found.message


def test_the_cause_of_a_failed_precompilation_is_told() -> None:
    text = """\
ERROR: The following 1 direct dependency failed to precompile:

AotF

ERROR: LoadError: UndefVarError: `nope` not defined in `AotF`
Stacktrace:
 [1] top-level scope
   @ /tmp/b/project/src/cell.jl:3
"""
    (found,) = read_diagnostics(text, SOURCES)
    assert found.message == "UndefVarError: `nope` not defined in `AotF`"
    assert (found.file, found.line) == ("cell", 3)


def test_a_flood_is_bounded() -> None:
    flood = "\n".join(f"Verifier error #{n}: unresolved call\n   @ A src/cell.jl:{n}" for n in range(1, 5000))
    found = read_diagnostics(flood, SOURCES)
    assert len(found) == MOST
    assert found[4].line == 5


def test_a_silent_failure_gives_none() -> None:
    assert read_diagnostics("Killed", SOURCES) == ()


@given(st.lists(st.sampled_from([*VERIFIER.splitlines(), "ERROR: x", " [1] a at b:3", "", "\x00"])))
def test_any_text_is_read(lines: list[str]) -> None:
    for d in read_diagnostics("\n".join(lines), SOURCES):
        assert (d.file is None) == (d.line is None)
