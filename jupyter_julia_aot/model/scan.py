"""A small scanner of Julia source: where statements and blocks end.

It is no parser: it knows strings, comments, brackets and the words that open and close blocks,
which is enough to cut one function out of a longer text. It never raises, whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

BLOCK_WORDS = frozenset(
    {"function", "macro", "if", "for", "while", "begin", "let", "try", "do", "quote", "struct", "module"}
    | {"baremodule"}
)
# Inside brackets these belong to a comprehension or generator, or are an index (`v[begin]`).
_NO_BLOCK_IN_BRACKETS = frozenset({"for", "if", "begin"})
_CLOSING = {")": "(", "]": "[", "}": "{"}
_WORD = re.compile(r"[^\W\d][\w!]*")
_NUMBER = re.compile(r"\d[\w.]*")
_CHARACTER = re.compile(r"'(?:\\[^'\n]{1,10}|\\'|[^'\\\n])'")
_CONTINUES = frozenset("=+-*/\\^%&|<>,?:÷≤≥≠∈∘~")


class Token(NamedTuple):
    """A piece of source from ``start`` to ``end`` (character offsets)."""

    kind: Literal["word", "open", "close", "newline", "text", "number", "operator"]
    value: str
    start: int
    end: int


class Statement(NamedTuple):
    """Where a statement ends, and whether all its blocks and brackets are closed there."""

    end: int
    complete: bool


def _skip_string(text: str, at: int) -> int:
    """The offset behind the string or command literal that starts at ``at``."""
    quote = text[at]
    mark = quote * 3 if text.startswith(quote * 3, at) else quote
    i = at + len(mark)
    while i < len(text):
        if text[i] == "\\":
            i += 2
        elif text.startswith(mark, i):
            return i + len(mark)
        elif text.startswith("$(", i):
            i = _skip_brackets(text, i + 1)
        elif text[i] == "\n" and len(mark) == 1 and not _closes_later(text, i, mark):
            return i  # an apostrophe-like stray quote: do not swallow the rest
        else:
            i += 1
    return len(text)


def _closes_later(text: str, at: int, mark: str) -> bool:
    """Whether a one-line literal that runs over its line is closed on the next one."""
    line_end = text.find("\n", at + 1)
    return mark in text[at : line_end if line_end >= 0 else len(text)]


def _skip_brackets(text: str, at: int) -> int:
    """The offset behind the bracket that closes the one at ``at`` (an interpolation)."""
    depth, i = 0, at
    while i < len(text):
        if text[i] == "(":
            depth += 1
        elif text[i] == ")":
            depth -= 1
            if depth == 0:
                return i + 1
        elif text[i] == '"' and depth < 8:
            close = text.find('"', i + 1)
            i = close if close >= 0 else len(text)
        elif text[i] == "\n":
            return i
        i += 1
    return len(text)


def _skip_comment(text: str, at: int) -> int:
    if not text.startswith("#=", at):
        end = text.find("\n", at)
        return end if end >= 0 else len(text)
    depth, i = 0, at
    while i < len(text):
        if text.startswith("#=", i):
            depth, i = depth + 1, i + 2
        elif text.startswith("=#", i):
            depth, i = depth - 1, i + 2
            if depth == 0:
                return i
        else:
            i += 1
    return len(text)


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """The tokens of ``text`` from ``start`` on, without blanks and comments."""
    i, previous = start, ""
    while i < len(text):
        c = text[i]
        if c in "\n;":
            yield Token("newline", c, i, i + 1)
            i, previous = i + 1, ""
            continue
        if c.isspace():
            i, previous = i + 1, " "
            continue
        if c == "#":
            i = _skip_comment(text, i)
            continue
        token = _token_at(text, i, previous)
        yield token
        i, previous = token.end, text[token.end - 1]


def _token_at(text: str, i: int, previous: str) -> Token:
    c = text[i]
    if c in '"`':
        return Token("text", "", i, max(i + 1, _skip_string(text, i)))
    if c == "'" and not (previous.isalnum() or (previous and previous in "_!)]}'.")):
        match = _CHARACTER.match(text, i)
        if match:
            return Token("text", "", i, match.end())
    for pattern, kind in ((_WORD, "word"), (_NUMBER, "number")):
        match = pattern.match(text, i)
        if match:
            return Token(kind, match.group(), i, match.end())  # type: ignore[arg-type]
    if c in "([{":
        return Token("open", c, i, i + 1)
    if c in ")]}":
        return Token("close", c, i, i + 1)
    return Token("operator", c, i, i + 1)


def statement_end(text: str, start: int) -> Statement:
    """Where the statement that starts at ``start`` ends (before its newline).

    A statement ends at the first newline outside all blocks and brackets that no operator
    continues. ``complete`` is false when the text ends first.
    """
    stack: list[str] = []
    last: Token | None = None
    previous: Token | None = None
    for token in tokens(text, start):
        if token.kind == "newline":
            if not stack and last is not None and not _continues(last):
                return Statement(token.start, True)
        elif token.kind == "open":
            stack.append(token.value)
        elif token.kind == "close":
            if not stack or stack[-1] != _CLOSING[token.value]:
                return Statement(token.start, False)
            stack.pop()
        elif token.kind == "word" and not _quoted(text, token, previous):
            closed = _word(token.value, stack, previous)
            if closed is False:
                return Statement(token.start, False)
        if token.kind != "newline":
            previous = last = token
        elif stack:
            previous = token
    return Statement(len(text), not stack and last is not None)


def _continues(token: Token) -> bool:
    return token.kind == "operator" and token.value in _CONTINUES


def _quoted(text: str, token: Token, previous: Token | None) -> bool:
    """Whether a word is a symbol (``:end``) or a field (``x.end``), not a keyword."""
    return (
        previous is not None
        and previous.end == token.start
        and previous.value in (":", ".")
        and not text.startswith("::", previous.start - 1)
    )


def _word(word: str, stack: list[str], previous: Token | None) -> bool | None:
    """Update ``stack`` for a keyword; ``False`` means an ``end`` with nothing to close."""
    in_brackets = bool(stack) and stack[-1] in "([{"
    if word == "end":
        if in_brackets:
            return None
        if not stack:
            return False
        stack.pop()
        return True
    if word == "type" and previous is not None and previous.value in ("abstract", "primitive"):
        stack.append(word)
    elif word in BLOCK_WORDS:
        first = previous is None or previous.kind in ("open", "newline")
        generator = in_brackets and word in _NO_BLOCK_IN_BRACKETS and not (word == "if" and first)
        if not generator:
            stack.append(word)
    return None


def bracket_end(text: str, start: int, *, lines: int = 12, characters: int = 2000) -> int | None:
    """The offset behind the bracket that closes the one at ``start``.

    ``None`` when none does within so many lines and characters: the bound keeps a scan of hostile
    text linear.
    """
    depth = 0
    for token in tokens(text, start):
        if token.kind == "open":
            depth += 1
        elif token.kind == "close":
            depth -= 1
            if depth == 0:
                return token.end
        elif token.kind == "newline":
            lines -= 1
        if lines < 0 or token.end - start > characters:
            return None
    return None
