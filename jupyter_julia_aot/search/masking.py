"""Hides strings, characters and comments, so that rewriting rules cannot touch them.

:func:`mask` replaces each of them by a placeholder (two private-use characters around a kind
letter and a number); rules then work on plain text with regular expressions, and
:meth:`Masked.unmask` puts the originals, or what a rule deliberately put in their place, back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

OPEN, CLOSE = "\ue000", "\ue001"

# Kinds: a string, a Python f-string, a Python string in single quotes, a Julia character, a comment.
STRING, FSTRING, SINGLE, CHAR, COMMENT = "S", "F", "Q", "K", "C"

TEXT = f"{OPEN}[{STRING}{SINGLE}{FSTRING}]\\d+{CLOSE}"
"""Regular expression of a placeholder that stands for a string."""

REMARK = f"{OPEN}{COMMENT}\\d+{CLOSE}"
"""Regular expression of a placeholder that stands for a comment."""

ANY = f"{OPEN}[A-Z]\\d+{CLOSE}"

_CHAR = re.compile(r"'(?:\\(?:x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{1,4}|U[0-9a-fA-F]{1,8}|[0-7]{1,3}|.)|[^'\\\n])'")
_SINGLE = re.compile(r"'(?:\\.|[^'\\\n])*'")
_TRIPLE_SINGLE = re.compile(r"'''.*?(?:'''|\Z)", re.DOTALL)
_WORD = re.compile(r"\w+", re.UNICODE)
_PLACEHOLDER = re.compile(f"{OPEN}[A-Z](\\d+){CLOSE}")
_DEPTH = 32


@dataclass(slots=True)
class Masked:
    """Text with placeholders, and what they stand for."""

    text: str
    parts: list[str] = field(default_factory=list)

    def part(self, placeholder: str) -> str:
        """What ``placeholder`` stands for."""
        found = _PLACEHOLDER.fullmatch(placeholder)
        return self.parts[int(found.group(1))] if found else placeholder

    def hide(self, kind: str, original: str) -> str:
        """A new placeholder for ``original``."""
        self.parts.append(original)
        return f"{OPEN}{kind}{len(self.parts) - 1}{CLOSE}"

    def unmask(self, text: str | None = None) -> str:
        """The text with every placeholder replaced by what it stands for."""
        return _PLACEHOLDER.sub(lambda m: self.parts[int(m.group(1))], self.text if text is None else text)


def mask(code: str) -> Masked | None:
    """Hide strings and comments of ``code``; ``None`` when it contains the placeholder characters."""
    if OPEN in code or CLOSE in code:
        return None
    masked = Masked("")
    out: list[str] = []
    i = 0
    while i < len(code):
        kind, end = _literal(code, i)
        if kind:
            start = i
            if kind == FSTRING:
                out.pop()  # the prefix, which was copied as a word
                start = i - 1
            out.append(masked.hide(kind, code[start:end]))
            i = end
            continue
        word = _WORD.match(code, i)
        i = word.end() if word else i + 1
        out.append(word.group() if word else code[i - 1])
    masked.text = "".join(out)
    return masked


def _literal(code: str, i: int) -> tuple[str, int]:
    """Kind and end of the literal or comment that starts at ``i``; ``("", i)`` when none does."""
    c = code[i]
    if c == "#":
        return COMMENT, _comment_end(code, i)
    if c == "'":
        return _quote(code, i)
    if c not in '"`':
        return "", i
    word = _word_before(code, i)
    if word in {"f", "F"} and c == '"':
        return FSTRING, _string_end(code, i, interpolates=False)
    return STRING, _string_end(code, i, interpolates=not word)


def _word_before(code: str, i: int) -> str:
    j = i
    while j > 0 and (code[j - 1].isalnum() or code[j - 1] == "_"):
        j -= 1
    return code[j:i]


def _quote(code: str, i: int) -> tuple[str, int]:
    before = code[i - 1] if i else ""
    # f'…' may also be the adjoint of f: only braces tell.
    if _word_before(code, i) == "f" and (found := _SINGLE.match(code, i)) and "{" in found.group():
        return FSTRING, found.end()
    if before.isalnum() or (before and before in "_)]}'.\"!"):
        return "", i  # the adjoint operator
    if found := _TRIPLE_SINGLE.match(code, i):
        return SINGLE, found.end()
    if found := _CHAR.match(code, i):
        return CHAR, found.end()
    if found := _SINGLE.match(code, i):
        return SINGLE, found.end()
    return "", i


def _comment_end(code: str, i: int) -> int:
    if not code.startswith("#=", i):
        end = code.find("\n", i)
        return len(code) if end < 0 else end
    depth, j = 0, i
    for found in re.compile(r"#=|=#").finditer(code, i):
        depth += 1 if found.group() == "#=" else -1
        j = found.end()
        if depth == 0:
            return j
    return len(code)


def _string_end(code: str, i: int, *, interpolates: bool, level: int = 0) -> int:
    quote = code[i] * 3 if code.startswith(code[i] * 3, i) else code[i]
    j = i + len(quote)
    while j < len(code):
        if code[j] == "\\":
            j += 2
        elif code.startswith(quote, j):
            return j + len(quote)
        elif interpolates and level < _DEPTH and code.startswith("$(", j):
            j = _interpolation_end(code, j + 1, level + 1)
        else:
            j += 1
    return len(code)


def _interpolation_end(code: str, i: int, level: int) -> int:
    """Where the parenthesis that opens at ``i`` closes; just after it opened when it never does."""
    depth, j = 0, i
    while j < len(code):
        if code[j] in "([{":
            depth += 1
        elif code[j] in ")]}":
            depth -= 1
            if depth == 0:
                return j + 1
        elif code[j] == '"':
            j = _string_end(code, j, interpolates=True, level=level)
            continue
        j += 1
    return i + 1
