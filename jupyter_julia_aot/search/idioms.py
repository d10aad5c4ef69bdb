"""Rewrites the Python that weak models leak into Julia, one visible rule at a time.

Each rule is small, has a name, and is recorded when it changed something; strings and comments
are hidden from it (:mod:`~jupyter_julia_aot.search.masking`). The rewritten code is a candidate
of its own: the trial decides whether the rewriting was right.
"""

from __future__ import annotations

import re
from collections import Counter

from jupyter_julia_aot.search.idiom_blocks import BLOCKS, ENDS, HEADS
from jupyter_julia_aot.search.idiom_calls import CALLS
from jupyter_julia_aot.search.idiom_ranges import RANGES
from jupyter_julia_aot.search.idiom_text import TEXTS
from jupyter_julia_aot.search.idiom_words import WORDS
from jupyter_julia_aot.search.masking import mask
from jupyter_julia_aot.search.rules import Rule, Source, defined_names

# Order matters: headers before the words inside them, ranges before len(), colons before ends.
RULES: tuple[Rule, ...] = (*HEADS, *BLOCKS, *WORDS, *TEXTS, *RANGES, *CALLS, *ENDS)

_CALL = re.compile(r"(\w+)\(")

# A rule may lay bare what an earlier one looks for; code that keeps changing is given up.
_ROUNDS = 4

# Longer code is no answer of a weak model, and rewriting it could take seconds.
_LONGEST = 50_000


def rewrite_idioms(code: str, name: str) -> tuple[str, tuple[str, ...]]:
    """``code`` with Python idioms as Julia, and one note per rule that changed something.

    ``name`` is the function that the code defines; a rule never rewrites calls of it, nor of
    anything else the code defines itself. Never raises; rewriting twice changes nothing more;
    code without such idioms comes back as it was, with no notes.
    """
    notes: dict[str, None] = {}
    current = code
    for _ in range(_ROUNDS if len(code) <= _LONGEST else 0):
        rewritten, said = _round(current, name)
        if rewritten == current:
            return current, tuple(notes)
        notes.update(dict.fromkeys(said))
        current = rewritten
    return code, ()


def _round(code: str, name: str) -> tuple[str, tuple[str, ...]]:
    masked = mask(code)
    if masked is None:
        return code, ()
    source = Source(masked, name, defined_names(masked.text) | {name})
    said = []
    for rule in RULES:
        new = rule.apply(source)
        if new != masked.text:
            said.append(f"{rule.name}: {rule.note.replace('{calls}', _replaced_calls(masked.text, new))}")
            masked.text = new
    return masked.unmask(), tuple(said)


def _replaced_calls(before: str, after: str) -> str:
    """The functions that ``after`` calls less often than ``before``, as the user reads them."""
    calls, left = (Counter(_CALL.findall(text)) for text in (before, after))
    return ", ".join(f"`{name}`" for name in calls - left) or "way of calling"
