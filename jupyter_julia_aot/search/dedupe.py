"""Telling candidates apart: the same program is tried once, however it is laid out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from jupyter_julia_aot.records import Candidate
from jupyter_julia_aot.search.masking import REMARK, mask

_COMMENT = re.compile(REMARK)


def normalise(code: str) -> str:
    """``code`` without comments, blank lines, trailing blanks and differences of indentation.

    Two codes with the same normal form are the same Julia program: nothing inside a line but
    runs of blanks is touched, and strings are kept to the letter.
    """
    masked = mask(code)
    if masked is None:
        return code
    text = _COMMENT.sub("", masked.text)
    lines = (re.sub(r"[ \t\r\f\v]+", " ", line).strip() for line in text.split("\n"))
    return masked.unmask("\n".join(line for line in lines if line))


def distinct(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The first candidate of each program, in their order."""
    seen: dict[str, Candidate] = {}
    for candidate in candidates:
        seen.setdefault(normalise(candidate.code), candidate)
    return tuple(seen.values())


def duplicates(candidates: Sequence[Candidate]) -> dict[str, str]:
    """Id of each later copy → id of the first candidate with the same program."""
    first: dict[str, str] = {}
    copies: dict[str, str] = {}
    for candidate in candidates:
        original = first.setdefault(normalise(candidate.code), candidate.id)
        if original != candidate.id:
            copies[candidate.id] = original
    return copies
