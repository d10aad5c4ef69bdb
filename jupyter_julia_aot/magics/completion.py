"""Tab completion for the magics: options, choices, function names, candidate ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_julia_aot.errors import HistoryError
from jupyter_julia_aot.magics import parsers
from jupyter_julia_aot.magics.arguments import MagicParser
from jupyter_julia_aot.magics.commands import COMMANDS
from jupyter_julia_aot.magics.julia_cell import julia_parser
from jupyter_julia_aot.magics.notebook import namespace_names

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_julia_aot.magics.cells import JuliaMagics

# Newest runs whose candidates are offered after `%julia accept`.
OFFERED_RUNS = 10


def register_completions(shell: InteractiveShell, magics: JuliaMagics) -> None:
    """Hook the completions into ``shell``."""
    makers = {
        "%%julia_gen": parsers.gen_parser,
        "%%julia_tests": parsers.tests_parser,
        "%%juliac": parsers.build_parser,
        "%%julia_trial": parsers.trial_parser,
        "%%julia": julia_parser,
    }
    for name, maker in makers.items():
        shell.set_hook(
            "complete_command",
            lambda _shell, event, maker=maker: complete_cell(magics, maker(), event),
            str_key=name,
        )
    shell.set_hook(
        "complete_command", lambda _shell, event: complete_command(magics, event), str_key="%julia"
    )


def complete_cell(magics: JuliaMagics, parser: MagicParser, event: Any) -> list[str]:
    """Completions of a cell magic's line."""
    words = event.line.split()
    typed = event.symbol
    before = words[-1] if not typed and words else (words[-2] if len(words) > 1 else "")
    choices = parser.choices_of(before)
    if choices:
        return choices
    if before == "--tests" or not typed.startswith("-"):
        names = namespace_names(magics.notebook)
        return names if typed or before == "--tests" or len(words) <= 1 else [*names, *parser.flags()]
    return parser.flags()


def complete_command(magics: JuliaMagics, event: Any) -> list[str]:
    """Completions of ``%julia``: its verbs, then ids of recent candidates."""
    words = event.line.split()
    if len(words) <= 1 or (len(words) == 2 and event.symbol):
        return list(COMMANDS)
    if words[1] == "accept":
        try:
            return _recent_candidates(magics)
        except HistoryError:
            # Completion has no place to say that the history cannot be read; `accept` will.
            return []
    if words[1] == "stop":
        return [str(job.number) for job in magics.notebook.jobs.running()]
    return []


def _recent_candidates(magics: JuliaMagics) -> list[str]:
    history = magics.notebook.history
    ids: list[str] = []
    for run in history.runs(limit=OFFERED_RUNS):
        entries = history.run(run.id).candidates
        ids += [e.candidate.id for e in entries if any(t.verdict == "passed" for t in e.trials)]
    return ids
