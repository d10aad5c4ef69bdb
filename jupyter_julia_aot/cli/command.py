"""Runs one parsed command and turns our errors into messages and exit codes."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from jupyter_julia_aot.cli import INTERRUPTED
from jupyter_julia_aot.errors import BuildError, Cancelled, JuliaAotError

SUCCEEDED, ANSWER_IS_NO, COULD_NOT_RUN = 0, 1, 2

# Verbs that take long without being runs of the history, and what to call such work.
ANNOUNCED: dict[str, Callable[[argparse.Namespace], str]] = {
    "eval": lambda args: str(args.tasks or "our tasks"),
    "setup": lambda args: "Julia",
    "serve": lambda args: "embedded model",
    "tune": lambda args: "tuning",
}


class Output:
    """Where a command's results and messages go.

    ``result`` is called once with the JSON value; ``line`` prints for a human and is silent
    under ``--json``; ``progress`` always goes to stderr.
    """

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._stdout = sys.stdout
        self.done = False
        self.also: Callable[[str], None] = lambda text: None
        """Told every line of progress, too."""

    def result(self, value: Any) -> None:
        """Print the JSON result, when JSON was asked for."""
        self.done = True
        if self.as_json:
            print(json.dumps(value, ensure_ascii=False, indent=2), file=self._stdout, flush=True)

    def line(self, text: str = "") -> None:
        """Print one line for a human."""
        if not self.as_json:
            print(text, file=self._stdout, flush=True)

    def progress(self, text: str) -> None:
        """Say on stderr what is going on."""
        print(text, file=sys.stderr, flush=True)
        self.also(text)


def run(args: argparse.Namespace) -> int:
    """Run the verb of ``args`` with its settings applied; never lets a traceback of ours out."""
    output = Output(bool(getattr(args, "json", None)))
    # Whatever a library prints must not get between the reader and the JSON.
    quiet = contextlib.redirect_stdout(sys.stderr) if output.as_json else contextlib.nullcontext()
    try:
        with quiet:
            _apply_settings(args)
            return _run(args, output)
    except (Cancelled, KeyboardInterrupt):
        output.progress("stopped")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (head, less) has seen enough; closing stdout again would complain once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return SUCCEEDED
    except JuliaAotError as error:
        if not output.done:
            output.result(
                {
                    "error": {
                        "type": type(error).__name__,
                        "message": error.message,
                        "remedy": error.remedy,
                    }
                }
            )
        output.progress(f"error: {error}")
        return ANSWER_IS_NO if isinstance(error, BuildError) else COULD_NOT_RUN


def _run(args: argparse.Namespace, output: Output) -> int:
    """Run the verb; the side panel shows the long ones that the history does not tell of."""
    from jupyter_julia_aot.pipeline.announcing import announced

    if args.verb not in ANNOUNCED:
        return int(args.run(args, output))
    with announced(args.verb, ANNOUNCED[args.verb](args)) as (say, outcome):
        output.also = say
        outcome.exit_code = int(args.run(args, output))
    return outcome.exit_code


def _apply_settings(args: argparse.Namespace) -> None:
    """Options that are settings win over file and environment for the whole process."""
    from jupyter_julia_aot.pipeline.options import check_setting
    from jupyter_julia_aot.settings import settings

    current = settings()
    for name in current.traits(config=True):
        value = getattr(args, name, None)
        if value is not None:
            setattr(current, name, check_setting(name, value))
