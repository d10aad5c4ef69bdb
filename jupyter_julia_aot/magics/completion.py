"""Tab completion for the magics: options, choices, function names, candidate ids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_julia_aot.errors import HistoryError
from jupyter_julia_aot.magics import parsers
from jupyter_julia_aot.magics.arguments import MagicParser
from jupyter_julia_aot.magics.commands import COMMANDS
from jupyter_julia_aot.magics.julia_cell import julia_parser
from jupyter_julia_aot.magics.notebook import namespace_names
from jupyter_julia_aot.magics.reactant import reactant_parser

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from jupyter_julia_aot.magics.cells import JuliaMagics

# Newest runs whose candidates are offered after `%julia accept`.
OFFERED_RUNS = 10


_MAKERS: dict[str, Callable[[], MagicParser]] = {
    "%%julia_gen": parsers.gen_parser,
    "%%julia_tests": parsers.tests_parser,
    "%%juliac": parsers.build_parser,
    "%juliac_wheel": parsers.wheel_parser,
    "%%julia_trial": parsers.trial_parser,
    "%%julia": julia_parser,
    "%%reactant": reactant_parser,
}


def register_completions(shell: InteractiveShell, magics: JuliaMagics) -> None:
    """Hook the completions into ``shell``; on a line of ours nothing of Python's is offered."""
    from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

    @context_matcher(identifier="julia_aot_lines")  # type: ignore[untyped-decorator]
    def line_matcher(context: CompletionContext) -> Any:
        line = context.full_text.split("\n")[context.cursor_line][: context.cursor_position]
        first = context.cursor_line == 0
        fragment = "" if line[-1:].isspace() else line.split()[-1] if line.strip() else ""
        offered = complete_line(magics, line, fragment, first=first)
        if offered is None:
            return {"completions": []}
        return {
            "completions": [SimpleCompletion(o, type="magic") for o in offered if o.startswith(fragment)],
            "matched_fragment": fragment,
            "suppress": True,
            "ordered": True,
        }

    matchers: list[Any] = getattr(shell.Completer, "custom_matchers", [])
    matchers[:] = [m for m in matchers if getattr(m, "matcher_identifier", "") != "julia_aot_lines"]
    matchers.append(line_matcher)


def complete_line(magics: JuliaMagics, line: str, fragment: str, *, first: bool) -> list[str] | None:
    """What may follow in ``line`` (up to the cursor), whose last word ``fragment`` is being typed.

    ``first``: it is the cell's first line, where cell magics stand. ``None`` where the line is
    none of ours.
    """
    words = line[: len(line) - len(fragment)].split()
    if not words:
        return None
    if words[0] in _MAKERS and first:
        return _cell_words(magics, _MAKERS[words[0]](), words, fragment)
    return _command_words(magics, words) if words[0] == "%julia" else None


def _cell_words(magics: JuliaMagics, parser: MagicParser, words: list[str], fragment: str) -> list[str]:
    choices = parser.choices_of(words[-1])
    if choices:
        return choices
    names = namespace_names(magics.notebook)
    if words[-1] == "--tests":
        return [*names, *sorted(str(path) for path in Path().glob("*.jl"))]
    if len(words) == 1:
        return names if not fragment.startswith("-") else parser.flags()
    return parser.flags() if fragment.startswith("-") or not fragment else names


def _command_words(magics: JuliaMagics, words: list[str]) -> list[str]:
    if len(words) == 1:
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
