"""What several verbs share: options, whose ``dest`` is the setting they override, and the history."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from jupyter_julia_aot.cli.command import Output
from jupyter_julia_aot.errors import HistoryError

if TYPE_CHECKING:
    from jupyter_julia_aot.history import History

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run = Callable[[argparse.Namespace, Output], int]


def add_verb(verbs: Verbs, name: str, run: Run, help_text: str, **kwargs: Any) -> argparse.ArgumentParser:
    """A verb with ``--json`` and ``--julia``."""
    parser = verbs.add_parser(name, help=help_text, description=help_text, allow_abbrev=False, **kwargs)
    parser.set_defaults(run=run, verb=name)
    if name != "eval":
        parser.add_argument("--json", action="store_true", help="print the result as JSON on stdout")
    parser.add_argument("--julia", metavar="PATH", help="the Julia to use (else JULIA_AOT_JULIA, PATH, …)")
    return parser


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Which server and model to ask, and how."""
    group = parser.add_argument_group("model")
    group.add_argument("--base-url", dest="base_url", metavar="URL", help="OpenAI-compatible server")
    group.add_argument("--model", metavar="NAME", help="model name (default: the server's first)")
    group.add_argument("--temperature", type=float, metavar="T", help="sampling temperature")
    group.add_argument("--max-tokens", dest="max_tokens", type=int, metavar="N", help="longest answer")
    group.add_argument("--seed", type=int, metavar="N", help="make the sampling repeatable")


def add_trial_options(parser: argparse.ArgumentParser) -> None:
    """How candidates are confined and limited."""
    group = parser.add_argument_group("trial")
    group.add_argument(
        "--timeout", dest="trial_seconds", type=float, metavar="S", help="seconds one trial may take"
    )
    group.add_argument(
        "--memory", dest="trial_memory_mb", type=int, metavar="MB", help="memory one trial may use, MiB"
    )
    group.add_argument("--workers", type=int, metavar="N", help="trials at once (0: one per core)")
    group.add_argument(
        "--sandbox", choices=["auto", "sandlock", "bubblewrap", "none"], help="how to confine candidates"
    )


@contextmanager
def recorded(output: Output) -> Iterator[History]:
    """The history for a verb that adds to it. What cannot be stored is said; the answer stands."""
    from jupyter_julia_aot.history import History

    history = History()
    try:
        yield history
    finally:
        try:
            history.close()
        except HistoryError as error:
            output.progress(f"warning: {error}")
