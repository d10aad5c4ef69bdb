"""Python's ranges, slices and indices (from 0, end excluded) in Julia's (from 1, end included)."""

from __future__ import annotations

import re

from jupyter_julia_aot.search.rules import Rule, Source
from jupyter_julia_aot.search.scanning import closing, rewrite_calls

_SIMPLE = re.compile(r"-?[\w.]+(?:\([^()]*\)|\[[^\[\]]*\])?")


def _minus_one(expression: str) -> str:
    """``n`` → ``n - 1``, ``n + 1`` → ``n``, ``10`` → ``9``."""
    expression = expression.strip()
    if expression.isdigit():
        return str(int(expression) - 1)
    if found := re.fullmatch(r"(.*\S)[ \t]*\+[ \t]*1", expression):
        return found.group(1).strip()
    if _SIMPLE.fullmatch(expression):
        return f"{expression}-1"
    return f"({expression})-1"


def _plus_one(expression: str) -> str:
    expression = expression.strip()
    if expression.isdigit():
        return str(int(expression) + 1)
    if found := re.fullmatch(r"(.*\S)[ \t]*-[ \t]*1", expression):
        return found.group(1).strip()
    return f"{expression}+1"


def _range_call(arguments: list[str]) -> str | None:
    if not 1 <= len(arguments) <= 3 or any("=" in a or ";" in a or "..." in a for a in arguments):
        return None
    first, last = ("0", arguments[0]) if len(arguments) == 1 else (arguments[0], arguments[1])
    if len(arguments) < 3:
        return f"{_side(first)}:{_minus_one(last)}"
    step = arguments[2]
    stop = _plus_one(last) if step.startswith("-") else _minus_one(last)
    return f"{_side(first)}:{_side(step)}:{stop}"


def _side(expression: str) -> str:
    return expression if _SIMPLE.fullmatch(expression) else f"({expression})"


_INDEX_LOOP = re.compile(
    r"\bfor[ \t]+(\w+)[ \t]+in[ \t]+range\(((?:0[ \t]*,[ \t]*)?(?:len|length)\([^()]*\))\)"
)


def _ranges(source: Source) -> str:
    """``range(a, b)`` → ``a:b-1``; loops over ``range(len(x))`` that index get indices from 1."""
    if "range" in source.defined:
        return source.text
    text = source.text
    for found in reversed(list(_INDEX_LOOP.finditer(text))):
        variable = found.group(1)
        text = text[: found.end()] + _shift_index(text[found.end() :], variable)
    return rewrite_calls(text, "range", _range_call)


def _shift_index(text: str, variable: str) -> str:
    """``x[i]`` → ``x[i+1]``, ``x[i-1]`` → ``x[i]`` for a loop variable that starts at 0."""

    def replace(found: re.Match[str]) -> str:
        offset = int((found.group(2) or "0").replace(" ", "")) + 1
        return f"{found.group(1)}[{variable}{f'+{offset}' if offset > 0 else offset or ''}]"

    return re.sub(rf"([\w\])])\[[ \t]*{variable}[ \t]*([+-][ \t]*\d+)?[ \t]*\]", replace, text)


_INDEX = re.compile(r"(?<=[\w\])\ue001])\[")


def _indices(source: Source) -> str:
    """``x[-1]`` → ``x[end]``; slices with an open side; ``x[0]`` and its siblings one up."""
    text = source.text
    if re.search(r"\bDict\b|Offset|\bRef\b", text):
        return text
    zero_based = set(re.findall(r"\b([^\W\d]\w*)\[0\]", text))
    for found in reversed(list(_INDEX.finditer(text))):
        end = closing(text, found.start())
        if end < 0:
            continue
        inner = text[found.end() : end].strip()
        owner = re.search(r"\w*$", text[: found.start()])
        new = _index(inner, owner is not None and owner.group() in zero_based)
        if new is None and inner == "::-1":
            start = owner.start() if owner else found.start()
            if text[start : found.start()]:
                text = f"{text[:start]}reverse({text[start : found.start()]}){text[end + 1 :]}"
        elif new is not None:
            text = f"{text[: found.end()]}{new}{text[end:]}"
    return text


def _index(inner: str, zero_based: bool) -> str | None:
    if found := re.fullmatch(r"-(\d+)", inner):
        back = int(found.group(1)) - 1
        return f"end-{back}" if back else "end"
    if zero_based and inner.isdigit():
        return str(int(inner) + 1)
    if found := re.fullmatch(r"([\w+\- ]+):", inner):
        return f"{_plus_one(found.group(1))}:end"
    if found := re.fullmatch(r":[ \t]*-(\d+)", inner):
        return f"1:end-{found.group(1)}"
    if found := re.fullmatch(r":[ \t]*(\d+|len\(.*\)[^:]*|length\(.*\)[^:]*)", inner):
        return f"1:{found.group(1)}"
    return None


RANGES: tuple[Rule, ...] = (
    Rule("ranges", "`range(a, b)` became `a:b-1`", _ranges),
    Rule("indices", "negative indices, open slices and indices from 0 became Julia's", _indices),
)
