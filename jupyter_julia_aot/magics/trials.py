"""``%%julia_trial``: run a cell in the notebook's sandboxed Julia session."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from jupyter_julia_aot.magics.notebook import Notebook
from jupyter_julia_aot.magics.screen import in_jupyter

if TYPE_CHECKING:
    from jupyter_julia_aot.pipeline.sessions import Session


def run_trial(notebook: Notebook, args: argparse.Namespace, cell: str) -> None:
    """Carry out ``%%julia_trial``. Raises :class:`~jupyter_julia_aot.errors.JuliaError` for an
    error in the cell and :class:`~jupyter_julia_aot.errors.Cancelled` when it was stopped; the
    session and its state survive both."""
    if args.reset and notebook.session is not None:
        notebook.session.close()
        notebook.session = None
    if not cell.strip():
        return
    session = _session(notebook, args)
    result = session.run(cell, seconds=args.trial_seconds, on_shown=lambda shown: _show(notebook, shown))
    if result.bundle is not None:
        _display(notebook, result.bundle)


def _show(notebook: Notebook, shown: Any) -> None:
    text = getattr(shown, "text", None)
    if text is None:
        _display(notebook, shown.bundle)
    else:
        sys.stdout.write(text)
        sys.stdout.flush()


def _display(notebook: Notebook, bundle: Any) -> None:
    """Show a value by its richest form, or as text where there is nothing but text."""
    if in_jupyter(notebook.shell):
        from IPython.display import display

        display(dict(bundle), raw=True)
    else:
        print(bundle.get("text/plain", ""))  # noqa: T201 - a terminal's way of showing a value


def _session(notebook: Notebook, args: argparse.Namespace) -> Session:
    if notebook.session is None:
        from jupyter_julia_aot.pipeline import Options
        from jupyter_julia_aot.pipeline.sessions import open_session

        names = ("trial_memory_mb", "sandbox", "julia")
        notebook.session = open_session(Options.of(**{n: getattr(args, n) for n in names}))
    return notebook.session
