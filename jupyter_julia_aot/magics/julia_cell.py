"""``%%julia``: a cell in Julia's own top-level scope, with variables in and out."""

from __future__ import annotations

import argparse
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from jupyter_julia_aot.errors import SettingError
from jupyter_julia_aot.magics.arguments import MagicParser
from jupyter_julia_aot.magics.notebook import Notebook
from jupyter_julia_aot.magics.trials import open_trial_session, show, show_bundle

if TYPE_CHECKING:
    from jupyter_julia_aot.pipeline.sessions import Session


@cache
def julia_parser() -> MagicParser:
    """``%%julia``."""
    p = MagicParser(
        "%%julia",
        "Run the cell at Julia's top level: in this process through juliacall, where Julia can be stopped "
        "only when it returns or prints, or with --worker (and where juliacall cannot run) in a sandboxed "
        "process that can be stopped at any time. A cell that begins with ? shows Julia's help.",
    )
    p.add_argument("names", nargs="*", metavar="NAME", help="what the cell defines and Python shall have")
    p.add_argument("-i", "--input", nargs="+", default=[], metavar="X", help="Python variables for the cell")
    p.add_argument("-o", "--output", nargs="+", default=[], metavar="Z", help="Julia variables for Python")
    p.add_argument("--worker", action="store_true", help="in the sandboxed process of %%%%julia_trial")
    p.add_argument("--in-process", action="store_true", help="in this process, or not at all")
    p.add_argument(
        "--device",
        choices=["amdgpu", "reactant"],
        help="in an unconfined process with that package loaded; what would silently stay on the CPU fails",
    )
    p.add_argument("--threads", type=int, metavar="N", help="Julia's threads in this process (first cell)")
    p.add_argument("--seconds", type=float, metavar="S", help="stop the cell after so long")
    p.add_argument("--reset", action="store_true", help="start the sandboxed process anew")
    p.setting("--memory", setting="trial_memory_mb", type=int, metavar="MB")
    p.setting("--sandbox", setting="sandbox", choices=["auto", "sandlock", "bubblewrap", "none"])
    p.setting("--julia", setting="julia", metavar="PATH")
    return p


def run_cell(notebook: Notebook, args: argparse.Namespace, cell: str) -> None:
    """Carry out ``%%julia``. Raises :class:`~jupyter_julia_aot.errors.JuliaError`,
    :class:`~jupyter_julia_aot.errors.Cancelled`, :class:`SettingError` for a variable that is not there."""
    from jupyter_julia_aot.pipeline.cells import bind_from_cell, help_code, python_name

    inputs, outputs, names = (_words(w) for w in (args.input, args.output, args.names))
    _check(names, outputs, inputs)
    variables = _variables(notebook, inputs)
    opened = open_cells(notebook, args)
    if variables:
        opened.cells.set(**variables)
    topic = cell.strip()
    if topic.startswith("?"):
        result = opened.cells.run(help_code(topic.lstrip("? ")), "help")
    else:
        name = f"In[{notebook.shell.execution_count}]"
        result = opened.cells.run(
            cell, name, seconds=args.seconds, on_shown=lambda shown: show(notebook, shown)
        )
    if result.bundle is not None:
        show_bundle(notebook, result.bundle)
    for name in outputs:
        notebook.shell.user_ns[name] = opened.cells.get(name)
    for name in names:
        notebook.shell.user_ns[python_name(name)] = bind_from_cell(name, opened, cell)


def open_cells(notebook: Notebook, args: argparse.Namespace) -> Any:
    """The cells that the options ask for; the first ones of a route say how they run."""
    from jupyter_julia_aot.pipeline.cells import choose_cells

    if args.worker and args.in_process:
        raise SettingError("%%julia: --worker and --in-process exclude each other", remedy="give one of them")
    if args.reset and notebook.session is not None:
        notebook.session.close()
        notebook.session = None
    route = "worker" if args.worker else "juliacall" if args.in_process else "auto"

    def worker() -> Session:
        return open_trial_session(notebook, args)

    if args.device:
        from jupyter_julia_aot.pipeline.cells import device_cells

        opened = device_cells(args.device, args.julia or "")
    else:
        opened = choose_cells(worker, route=route, julia=args.julia or "", threads=args.threads)
    if opened.route not in notebook.told:
        notebook.told.add(opened.route)
        print(f"[{opened.notice}]", file=sys.stderr)  # noqa: T201 - once, beside the cell's output
    notebook.cells = opened
    return opened


def _words(words: list[str]) -> list[str]:
    return [name for word in words for name in word.split(",") if name]


def _check(names: list[str], outputs: list[str], inputs: list[str]) -> None:
    from jupyter_julia_aot.pipeline import check_name

    for name in names:
        check_name(name, "%%julia", bang=True)
    for name in outputs + inputs:
        check_name(name, "%%julia")


def _variables(notebook: Notebook, names: list[str]) -> dict[str, Any]:
    known = notebook.shell.user_ns
    for name in names:
        if name not in known:
            raise SettingError(f"%%julia -i {name}: there is no Python variable {name!r}", remedy="define it")
    return {name: known[name] for name in names}
