"""What a rewriting rule is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from jupyter_julia_aot.search.masking import Masked

_DEFINED = re.compile(
    r"(?:\b(?:function|macro|struct|def)\s+(\w+!?))|(?:^[ \t]*(\w+!?)\s*\([^\n]*\)\s*(?:::[^=\n]+)?=(?!=))"
    r"|(?:^[ \t]*(?:const\s+)?(\w+)\s*=(?!=))",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Source:
    """A candidate's code with its literals hidden, the function it must define, and its own names."""

    masked: Masked
    name: str
    defined: frozenset[str]

    @property
    def text(self) -> str:
        """The masked text."""
        return self.masked.text


@dataclass(frozen=True, slots=True)
class Rule:
    """One Python idiom and its Julia counterpart.

    ``apply`` returns the rewritten masked text, unchanged when the idiom does not occur.
    """

    name: str
    note: str
    """What was done, in words."""
    apply: Callable[[Source], str]


def defined_names(text: str) -> frozenset[str]:
    """Functions, types and variables that ``text`` (masked) itself defines."""
    return frozenset(n for groups in _DEFINED.findall(text) for n in groups if n)


def substitute(pattern: str, replacement: str, flags: int = 0) -> Callable[[Source], str]:
    """A rule's ``apply`` from a regular expression over masked text."""
    compiled = re.compile(pattern, flags)
    return lambda source: compiled.sub(replacement, source.text)
