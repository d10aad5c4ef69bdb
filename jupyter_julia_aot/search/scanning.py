"""Small searches in masked text: matching brackets, arguments, calls, receivers."""

from __future__ import annotations

import re
from collections.abc import Callable

from jupyter_julia_aot.search.masking import ANY

_PAIRS = {"(": ")", "[": "]", "{": "}"}
_CLOSERS = {v: k for k, v in _PAIRS.items()}
_PLACEHOLDER_BEFORE = re.compile(f"{ANY}$")
_NAME_BEFORE = re.compile(r"[^\W\d]\w*!?$|\d+(?:\.\d+)?$", re.UNICODE)


def closing(text: str, start: int) -> int:
    """Index of the bracket that closes the one at ``start``, or -1."""
    stack: list[str] = []
    for i in range(start, len(text)):
        c = text[i]
        if c in _PAIRS:
            stack.append(_PAIRS[c])
        elif c in _CLOSERS:
            if not stack or stack.pop() != c:
                return -1
            if not stack:
                return i
    return -1


def opening(text: str, end: int) -> int:
    """Index of the bracket that the one at ``end`` closes, or -1."""
    stack: list[str] = []
    for i in range(end, -1, -1):
        c = text[i]
        if c in _CLOSERS:
            stack.append(_CLOSERS[c])
        elif c in _PAIRS:
            if not stack or stack.pop() != c:
                return -1
            if not stack:
                return i
    return -1


def split(text: str, separator: str = ",") -> list[str]:
    """The parts between separators outside brackets, stripped; ``[]`` for blank text."""
    parts, depth, last = [], 0, 0
    for i, c in enumerate(text):
        if c in _PAIRS:
            depth += 1
        elif c in _CLOSERS:
            depth -= 1
        elif c == separator and depth == 0:
            parts.append(text[last:i].strip())
            last = i + 1
    parts.append(text[last:].strip())
    return parts if any(parts) else []


def outside(text: str, pattern: re.Pattern[str]) -> re.Match[str] | None:
    """The first match of ``pattern`` that does not start inside brackets."""
    depth = 0
    starts = {m.start(): m for m in pattern.finditer(text)}
    for i, c in enumerate(text):
        if depth == 0 and i in starts:
            return starts[i]
        if c in _PAIRS:
            depth += 1
        elif c in _CLOSERS:
            depth -= 1
    return None


def depth_after(text: str, depth: int = 0) -> int:
    """Bracket depth after ``text``, never below 0."""
    for c in text:
        if c in _PAIRS:
            depth += 1
        elif c in _CLOSERS:
            depth = max(0, depth - 1)
    return depth


def rewrite_calls(text: str, name: str, rewrite: Callable[[list[str]], str | None]) -> str:
    """Replace calls ``name(…)`` by ``rewrite(arguments)``, inner calls first.

    Method calls (``x.name(…)``), macros, symbols and definitions are left alone, and so is a
    call for which ``rewrite`` returns ``None``.
    """
    pattern = re.compile(rf"(?<![\w.@!])(?<!(?<![\w)\]]):){re.escape(name)}\(")
    for found in reversed(list(pattern.finditer(text))):
        start, open_index = found.start(), found.end() - 1
        end = closing(text, open_index)
        if end < 0 or text[:start].rstrip(" ").endswith(("function", "macro", "def")):
            continue
        new = rewrite(split(text[open_index + 1 : end]))
        if new is not None:
            text = text[:start] + new + text[end + 1 :]
    return text


def receiver_start(text: str, end: int) -> int:
    """Where the primary expression that ends just before ``end`` begins, or -1.

    A primary is a name, number, literal or bracketed expression followed by any number of
    ``.name``, ``[…]`` and ``(…)``.
    """
    i = end
    while True:
        if i > 0 and text[i - 1] in ")]":
            begin = opening(text, i - 1)
            if begin < 0:
                return -1
            i = begin
            if i == 0 or not (text[i - 1].isalnum() or text[i - 1] in "_!)]."):
                return i
            if text[i - 1] in ")]":
                continue
        before = _PLACEHOLDER_BEFORE.search(text, 0, i) or _NAME_BEFORE.search(text, 0, i)
        if before is None:
            return -1
        i = before.start()
        if i == 0 or text[i - 1] != ".":
            return i
        i -= 1


def end_outside(text: str, start: int, ends: Callable[[int], bool]) -> int:
    """The first index from ``start`` that is outside all brackets and ``ends``, or closes one around it."""
    depth = 0
    for i in range(start, len(text)):
        if text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            if depth == 0:
                return i
            depth -= 1
        elif depth == 0 and ends(i):
            return i
    return len(text)
