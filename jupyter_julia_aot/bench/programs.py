"""Programs from stdin to stdout, judged by the trial engine that judges functions.

The program's text becomes a quoted block, so that it is parsed like any candidate and its line
numbers stay; the oracle evaluates the block anew for every case, in a module of its own, with
stdin and stdout redirected to files.
"""

from __future__ import annotations

from collections.abc import Sequence

_QUOTE = "__aot_program__"

_ORACLE = r"""
using Test

function __aot_run__(program, input)
    place = "program.jl"
    for part in program.args
        part isa LineNumberNode && (place = string(part.file); break)
    end
    folder = mktempdir()
    inside, outside = joinpath(folder, "stdin"), joinpath(folder, "stdout")
    write(inside, input)
    space = Module(:Program)
    # Programs that ask whether they were started as a script are told that they were.
    Base.eval(space, :(const PROGRAM_FILE = $place; const ARGS = String[]; abspath(p::AbstractString) = p))
    Base.eval(space, :(eval(x) = Core.eval($space, x)))
    open(inside, "r") do source
        open(outside, "w") do sink
            redirect_stdin(source) do
                redirect_stdout(sink) do
                    Core.eval(space, Expr(:toplevel, program.args...))
                    flush(stdout)
                end
            end
        end
    end
    text = read(outside, String)
    rm(folder; recursive = true, force = true)
    return text
end

__aot_lines__(text) = rstrip.(split(rstrip(text), '\n'))
"""


def program_candidate(code: str) -> str:
    """What to try instead of the program ``code`` itself. Line numbers are kept."""
    return f"const {_QUOTE} = quote {code}\nend"


def program_oracle(cases: Sequence[tuple[str, str]]) -> str:
    """Julia checks for ``(stdin, expected stdout)`` pairs; blanks at line ends do not count."""
    checks = [
        f"@test __aot_lines__(__aot_run__({_QUOTE}, {julia_string(given)})) == "
        f"__aot_lines__({julia_string(expected)})"
        for given, expected in cases
    ]
    return _ORACLE + "\n" + "\n".join(checks) + "\n"


def julia_string(text: str) -> str:
    """``text`` as a Julia string literal that holds exactly it, whatever is in it."""
    out = []
    for c in text:
        if c in '"\\$':
            out.append("\\" + c)
        elif c == "\n":
            out.append("\\n")
        elif c.isprintable():
            out.append(c)
        else:
            out.append(f"\\U{ord(c):08x}")
    return '"' + "".join(out) + '"'
