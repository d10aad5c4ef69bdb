"""``%%julia_trial``: run a cell in the notebook's sandboxed Julia session."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from jupyter_julia_aot.errors import Cancelled
from jupyter_julia_aot.magics.notebook import Notebook

if TYPE_CHECKING:
    from jupyter_julia_aot.pipeline.sessions import Session


def run_trial(notebook: Notebook, args: argparse.Namespace, cell: str) -> None:
    """Carry out ``%%julia_trial``. Raises :class:`~jupyter_julia_aot.errors.JuliaError` for an
    error in the cell; the session and its state survive that, and a stop."""
    if args.reset and notebook.session is not None:
        notebook.session.close()
        notebook.session = None
    if not cell.strip():
        return
    session = _session(notebook, args)
    try:
        result = session.run(cell, name="cell")
    except KeyboardInterrupt:
        session.interrupt()
        raise Cancelled("%%julia_trial was stopped") from None
    if result.output:
        print(result.output, end="" if result.output.endswith("\n") else "\n")  # noqa: T201
    if result.value:
        print(result.value)  # noqa: T201


def _session(notebook: Notebook, args: argparse.Namespace) -> Session:
    if notebook.session is None:
        from jupyter_julia_aot.pipeline import Options
        from jupyter_julia_aot.pipeline.sessions import open_session

        names = ("trial_seconds", "trial_memory_mb", "sandbox", "julia")
        notebook.session = open_session(Options.of(**{n: getattr(args, n) for n in names}))
    return notebook.session
