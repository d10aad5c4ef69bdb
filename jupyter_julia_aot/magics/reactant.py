"""``%%reactant NAME`` and ``%reactant hlo|export NAME``: array code compiled by Reactant."""

from __future__ import annotations

import shlex
from functools import cache
from pathlib import Path
from typing import Any

from jupyter_julia_aot.errors import SettingError
from jupyter_julia_aot.magics.arguments import MagicParser
from jupyter_julia_aot.magics.notebook import Notebook
from jupyter_julia_aot.magics.running import code_of, python_values
from jupyter_julia_aot.magics.screen import in_jupyter
from jupyter_julia_aot.settings import settings

VERBS = ("hlo", "export", "help")


@cache
def reactant_parser() -> MagicParser:
    """``%%reactant``."""
    p = MagicParser(
        "%%reactant",
        "Compile the function NAME of the cell (or the accepted one, when the cell is empty) with "
        "Reactant and bind it in Python. A GPU is used only after a smoke test; otherwise the CPU is, "
        "with the reason.",
    )
    p.add_argument("name", metavar="NAME", help="the function")
    p.add_argument("--on", default="auto", metavar="BACKEND", help="auto cpu gpu rocm cuda tpu metal")
    p.add_argument("--with", dest="arguments", nargs="+", default=[], metavar="X", help="call it with them")
    p.setting("--julia", setting="julia", metavar="PATH")
    return p


def _say(text: str = "") -> None:
    print(text, flush=True)  # noqa: T201 - what the magic tells


def run_reactant(notebook: Notebook, line: str, cell: str) -> None:
    """Carry out ``%%reactant``. Raises :class:`~jupyter_julia_aot.errors.DeviceError`, ``JuliaError``."""
    from jupyter_julia_aot.pipeline import check_name
    from jupyter_julia_aot.pipeline.devices import reactant_function

    args = reactant_parser().read(line)
    check_name(args.name, "%%reactant", bang=True)
    code = cell if cell.strip() else code_of(notebook, args.name)
    values = python_values(notebook, args.arguments)
    function = reactant_function(args.name, code, args.on, args.julia or settings().julia)
    notebook.shell.user_ns[function.__name__] = function
    notebook.reactants[args.name] = function
    _say(
        f"{function.__name__}(…) runs on {function.backend}, compiled for shapes and types when first called"
    )
    if function.notice:
        _say(f"  {function.notice}")
    if values:
        value = function(*values)
        last = function.last
        assert last is not None  # noqa: S101 - set by the call
        _say(
            f"compiled in {last.compile_seconds:.3g} s, ran in {last.run_seconds:.3g} s "
            f"(plain Julia: {last.plain_seconds:.3g} s with its first compilation); "
            f"difference {last.difference:.2g}, allowed {last.tolerance:.2g}"
        )
        _say(repr(value))


def run_reactant_command(notebook: Notebook, line: str) -> None:
    """Carry out ``%reactant VERB``. Raises :class:`SettingError` for a verb that does not exist."""
    verb, *words = shlex.split(line) or ["help"]
    if verb not in VERBS:
        raise SettingError(f"%reactant: no command {verb!r}", remedy=f"commands: {', '.join(VERBS)}")
    if verb == "help":
        _say(HELP)
        return
    p = MagicParser(f"%reactant {verb}", HELPS[verb])
    p.add_argument("name", metavar="NAME", help="a function of %%%%reactant, a cell, or an accepted one")
    if verb == "export":
        p.add_argument("folder", metavar="DIR", help="where to write NAME.mlir and NAME.py")
    p.add_argument("--with", dest="arguments", nargs="+", default=[], metavar="X", help="Python variables")
    p.add_argument("--on", default="auto", metavar="BACKEND", help="auto cpu gpu rocm cuda tpu metal")
    args = p.read_words(words)
    function = _function(notebook, args.name, args.on)
    values = python_values(notebook, args.arguments) if args.arguments else function.example
    if values is None:
        raise SettingError(
            f"%reactant {verb} {args.name}: a program is for arguments of certain shapes and types",
            remedy=f"call {function.__name__}(…) first, or give variables: --with x y",
        )
    if verb == "hlo":
        _show(notebook, function.hlo(*values))
        return
    written = function.export(Path(args.folder), *values)
    _say(f"{written.program}\n{written.module}: run(…) runs it with jax alone (jupyter_julia_aot[xla])")


def _function(notebook: Notebook, name: str, backend: str) -> Any:
    from jupyter_julia_aot.pipeline.devices import reactant_function

    if name in notebook.reactants:
        return notebook.reactants[name]
    return reactant_function(name, code_of(notebook, name), backend, settings().julia)


def _show(notebook: Notebook, found: Any) -> None:
    if in_jupyter(notebook.shell):
        from IPython.display import display

        display(found)
    else:
        _say(str(found))


HELPS = {
    "hlo": "Show the StableHLO of NAME before and after Reactant's optimisations, with counts of operations.",
    "export": "Write NAME as StableHLO, and a Python module that runs it with jax alone.",
}
HELP = """\
%%reactant NAME [--on BACKEND] [--with X …]   compile the cell's function, or the accepted NAME
%reactant hlo NAME [--with X …]               its StableHLO, before and after optimisation
%reactant export NAME DIR [--with X …]        NAME.mlir and NAME.py, which needs jax only"""
