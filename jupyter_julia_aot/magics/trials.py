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
    session = open_trial_session(notebook, args)
    result = session.run(cell, seconds=args.trial_seconds, on_shown=lambda shown: show(notebook, shown))
    if result.bundle is not None:
        show_bundle(notebook, result.bundle)


def show(notebook: Notebook, shown: Any) -> None:
    """Show printed text or a displayed value, at once, where the cell's output goes."""
    text = getattr(shown, "text", None)
    if text is None:
        show_bundle(notebook, shown.bundle)
    else:
        stream = sys.stderr if shown.stream == "stderr" else sys.stdout
        stream.write(text)
        stream.flush()


def show_bundle(notebook: Notebook, bundle: Any) -> None:
    """Show a value by its richest form, or as text where there is nothing but text."""
    if in_jupyter(notebook.shell):
        from IPython.display import display

        display(dict(bundle), raw=True)
    else:
        print(bundle.get("text/plain", ""))  # noqa: T201 - a terminal's way of showing a value


def open_trial_session(notebook: Notebook, args: argparse.Namespace) -> Session:
    """The notebook's sandboxed session, made with these options when there is none."""
    if notebook.session is None:
        from jupyter_julia_aot.pipeline import Options
        from jupyter_julia_aot.pipeline.sessions import open_session

        names = ("trial_memory_mb", "sandbox", "julia")
        notebook.session = open_session(Options.of(**{n: getattr(args, n) for n in names}))
    return notebook.session
