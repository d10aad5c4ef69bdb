"""Programs from stdin to stdout, judged by the trial engine that judges functions.

The program's text becomes a quoted block, so that it is parsed like any candidate and its line
numbers stay, followed by a function that evaluates the block anew for every case: in a module of
its own, with stdin and stdout redirected to files in the trial's folder. The oracle only passes
strings to that function and compares strings.
"""

from __future__ import annotations

from collections.abc import Sequence

PROGRAM = "__aot_program__"
"""The function that a program's candidate defines, and so its name for the trial engine."""

_RUNNER = r"""
function __aot_program__(input::String)
    place = "program.jl"
    for part in __aot_source__.args
        part isa LineNumberNode && (place = string(part.file); break)
    end
    space = Module(:Program)
    Core.eval(space, :(eval(x) = Core.eval($space, x)))
    # Programs that ask whether they were started as a script are told that they were.
    Core.eval(space, :(const PROGRAM_FILE = $place))
    Core.eval(space, :(const ARGS = String[]))
    Core.eval(space, :(abspath(path::AbstractString) = path))
    Core.eval(space, :(exit(code = 0) = throw(:__aot_exit__)))
    write("stdin.txt", input)
    open("stdin.txt") do source
        open("stdout.txt", "w") do sink
            redirect_stdin(source) do
                redirect_stdout(sink) do
                    try
                        Core.eval(space, Expr(:toplevel, __aot_source__.args...))
                    catch fault
                        (fault isa LoadError ? fault.error : fault) === :__aot_exit__ || rethrow()
                    end
                    flush(stdout)
                end
            end
        end
    end
    return read("stdout.txt", String)
end
"""

_COMPARE = r"""
__aot_lines__(text) = [rstrip(line) for line in split(rstrip(text), '\n')]
"""


def program_candidate(code: str) -> str:
    """What to try instead of the program ``code`` itself. Line numbers are kept."""
    return f"const __aot_source__ = quote {code}\nend\n{_RUNNER}"


def program_oracle(cases: Sequence[tuple[str, str]]) -> str:
    """Julia checks for ``(stdin, expected stdout)`` pairs; blanks at line ends do not count."""
    checks = [
        f"@test __aot_lines__({PROGRAM}({julia_string(given)})) == __aot_lines__({julia_string(expected)})"
        for given, expected in cases
    ]
    return _COMPARE + "\n" + "\n".join(checks) + "\n"


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
