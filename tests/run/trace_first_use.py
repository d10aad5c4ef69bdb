"""What Julia compiles when a notebook does something for the first time in its own process. Run as a program.

Adds to ``run/julia/JuliaAotInProcess/src/first_use.txt``, whose lines that package compiles ahead, what was
still compiled: ``python -m tests.run.trace_first_use`` with a Julia that juliacall accepts.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from jupyter_julia_aot.errors import JuliaError
from jupyter_julia_aot.run.cells import in_process_cells
from jupyter_julia_aot.run.function import JuliaFunction
from jupyter_julia_aot.run.juliacall_route import juliacall_engine
from jupyter_julia_aot.run.juliacall_start import PACKAGES, start_variables
from jupyter_julia_aot.toolchain import choose_toolchain

LIST = PACKAGES / "JuliaAotInProcess" / "src" / "first_use.txt"
# The option --trace-compile, set while Julia runs.
TRACE = """begin
    const JULIA_AOT_TRACE = {path!r}
    options = Ptr{{UInt8}}(cglobal(:jl_options, Base.JLOptions))
    place = fieldoffset(Base.JLOptions, findfirst(==(:trace_compile), collect(fieldnames(Base.JLOptions))))
    unsafe_store!(Ptr{{Ptr{{UInt8}}}}(options + place), pointer(JULIA_AOT_TRACE))
    nothing
end"""
# Names of this session, Julia's own start and end, and packages that ours does not depend on.
PASSING = re.compile(r"Accepted\d|# recompile|_atexit|onfixedthread|JSON\.|REPL|Main\.|TRACE")
CELLS = (
    "1 + 1",
    "x = 1.5",
    '"text"',
    "true",
    "nothing",
    ":name",
    "1:3",
    "(1, 2.5)",
    "(a = 1, b = 2.5)",
    "[1, 2, 3]",
    "[1.0, 2.0]",
    "[1.0 2.0; 3.0 4.0]",
    '["a", "b"]',
    'Dict("a" => 1)',
    "1 + 2im",
    "v = rand(1000)",
    'println("hello ", 1, " ", 2.5)',
    "@show x",
    "f(x) = x^2",
    "using LinearAlgebra",
)
FAULTS = ('error("no")', "sqrt(-1)", "[1][2]", "undefined_name", '1 + "a"', "Int(1.5)", "f(")


def use(julia: str) -> None:
    """Do what notebooks do."""
    cells: Any = in_process_cells(julia).cells
    engine = juliacall_engine(choose_toolchain("juliacall", julia))
    for code in CELLS:
        cells.run(code)
    for code in FAULTS:
        with contextlib.suppress(JuliaError):
            cells.run(code)
    values: tuple[Any, ...] = (
        1, 1.5, "text", True, None, [1, 2], [1.5], ["a"], {"a": 1}, (1, 2), 1j, b"bytes",
        np.ones(3), np.ones((2, 3)), np.arange(3), np.ones(3, np.float32), np.float64(1.5), np.int64(1),
    )  # fmt: skip
    identity = JuliaFunction("same", "same(x; y = 1) = x", engine)
    twice = JuliaFunction("twice", "twice(x) = 2 .* x", engine)
    for value in values:
        cells.set(value=value)
        cells.get("value")
        identity(value)
        identity(value, y=2)
    for value in (1, 1.5, np.ones(3), np.ones((2, 3)), [1.0, 2.0]):
        twice(value)
    with contextlib.suppress(JuliaError):
        twice("text")


def lines(trace: Path, known: set[str]) -> Iterator[str]:
    """The statements that another process can use, each once, but those of ``known``."""
    seen = set(known)
    for line in trace.read_text(encoding="utf-8").splitlines():
        if line.startswith("precompile(") and not PASSING.search(line) and line not in seen:
            seen.add(line)
            yield line


def main() -> None:
    toolchain = choose_toolchain("juliacall", sys.argv[1] if len(sys.argv) > 1 else "")
    os.environ.update(start_variables(toolchain))
    import juliacall

    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.jl"
        # Not through `seval`, whose own first use is to be seen.
        juliacall.CONFIG["lib"].jl_eval_string(TRACE.format(path=str(trace)).replace("'", '"').encode())
        use(toolchain.path)
        new = list(lines(trace, set(LIST.read_text(encoding="utf-8").splitlines())))
    with LIST.open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in new)
    print(f"{len(new)} lines added")


if __name__ == "__main__":
    main()
