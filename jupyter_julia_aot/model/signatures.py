"""The signature of the function to write: given by the user, or read off the calls of the oracle."""

from __future__ import annotations

import re

from jupyter_julia_aot.model.scan import bracket_end, tokens
from jupyter_julia_aot.records import Oracle, Prompt

_MOST_EXAMPLES = 8
_INTEGER = re.compile(r"[-+]?\d[\d_]*$")
_FLOAT = re.compile(r"[-+]?(?:\d[\d_]*\.\d*|\.\d+|\d[\d_]*(?:\.\d*)?e[-+]?\d+)$")


def signature(prompt: Prompt) -> str | None:
    """``"name(x, y)"``: the user's, else one with as many arguments as the oracle's calls have.

    ``None`` when neither says, or when calls differ in their number of arguments or use keywords.
    """
    if prompt.signature:
        given = prompt.signature.strip().removeprefix("function").strip()
        return given.removesuffix("end").strip() if given.startswith(prompt.name) else f"{prompt.name}{given}"
    if prompt.oracle is None:
        return None
    found = calls(prompt.oracle.source, prompt.name)
    if not found or len({len(arguments) for arguments in found}) != 1:
        return None
    if any(_is_keyword(argument) for arguments in found for argument in arguments):
        return None
    count = len(found[0])
    named = _mentioned(prompt.request, prompt.name)
    return f"{prompt.name}({', '.join(named if len(named) == count else _names(found))})"


def calls(source: str, name: str) -> list[tuple[str, ...]]:
    """The argument texts of each call ``name(…)`` in ``source``."""
    found: list[tuple[str, ...]] = []
    previous = ""
    for token in tokens(source):
        if token.kind == "word" and token.value == name and source[token.end : token.end + 1] == "(":
            end = bracket_end(source, token.end, lines=200, characters=20_000)
            if end is not None and previous not in ("function", "def", "."):
                found.append(_split(source, token.end + 1, end - 1))
        previous = token.value
    return found


def _split(source: str, start: int, end: int) -> tuple[str, ...]:
    """The texts between top-level commas (and the ``;`` before keywords) of an argument list."""
    depth, cuts = 0, [start]
    for token in tokens(source[:end], start):
        if token.kind == "open":
            depth += 1
        elif token.kind == "close":
            depth -= 1
        elif depth == 0 and token.value in (",", ";"):
            cuts.append(token.end)
    pieces = [source[a:b].strip(" \t\n,;") for a, b in zip(cuts, [*cuts[1:], end], strict=True)]
    return tuple(piece for piece in pieces if piece)


def _is_keyword(argument: str) -> bool:
    return re.match(r"[^\W\d]\w*\s*=(?!=)", argument) is not None or argument.endswith("...")


def _mentioned(request: str, function: str) -> list[str]:
    """The argument names a request speaks of, in order: single letters, ``from lo to hi``, backticks.

    ``a`` and ``I`` are mostly words of the sentence; ``a`` counts when ``b`` is named, too.
    """
    quoted = re.findall(r"`([^\W\d]\w{0,11})`", request)
    ranges = re.findall(r"\b(?:from|between) ([a-z]{1,3}) (?:to|and) ([a-z]{1,3})\b", request)
    words = {name for pair in ranges for name in pair} | set(quoted)
    names: list[str] = []
    for word in re.findall(r"(?<![\w-])[^\W\d]\w*(?![\w(-]|'s\b)", request):
        known = word in words or (len(word) == 1 and word.isascii() and word not in ("a", "I"))
        if known and word not in names and word != function:
            names.append(word)
    if "b" in names and re.search(r"\ba(?=,| and b\b| to b\b| or b\b|\^)", request):
        names.insert(names.index("b"), "a")
    return names


def _names(found: list[tuple[str, ...]]) -> list[str]:
    """One argument name per position, after the kind of the values it gets in the calls."""
    kinds = [_kind([arguments[i] for arguments in found]) for i in range(len(found[0]))]
    pools = {
        "string": ["s", "t", "u"],
        "vector": ["v", "w", "u"],
        "integer": ["n", "m", "k"] if kinds.count("integer") == 1 or "vector" in kinds else ["a", "b", "c"],
        "number": ["x", "y", "z"],
        "function": ["f", "g", "h"],
        "matrix": ["A", "B", "C"],
        "dict": ["d", "e", "h"],
    }
    names: list[str] = []
    for position, kind in enumerate(kinds):
        free = [n for n in pools[kind] if n not in names]
        names.append(free[0] if free else f"x{position + 1}")
    return names


def _kind(values: list[str]) -> str:
    """What the texts of one argument have in common."""
    if all(v.startswith(('"', "'", 'raw"')) for v in values):
        return "string"
    if all((v.startswith("[") and ";" in v) or v.startswith("[[") for v in values):
        return "matrix"
    if any(
        v.startswith(("[", "collect(", "zeros(", "ones(", "rand(")) or re.match(r"[A-Z]\w*\[", v)
        for v in values
    ):
        return "vector"
    if all(_INTEGER.match(v) for v in values):
        return "integer"
    if all(_INTEGER.match(v) or _FLOAT.match(v) for v in values):
        return "number"
    if all("->" in v or v.startswith("lambda") for v in values):
        return "function"
    return "dict" if all(v.startswith(("Dict", "{")) for v in values) else "number"


def examples(oracle: Oracle | None, most: int = _MOST_EXAMPLES) -> tuple[str, ...]:
    """The checks of the oracle a model may see: its first ``@test`` or ``assert`` lines, as written."""
    if oracle is None:
        return ()
    lines = (line.strip() for line in oracle.source.splitlines())
    shown = [line for line in lines if re.match(r"@test\b|@test_throws\b|assert\b", line)]
    return tuple(line for line in shown if len(line) <= 200)[:most]
