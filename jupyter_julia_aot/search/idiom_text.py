"""Python's strings, dictionaries and sets in Julia's."""

from __future__ import annotations

import re

from jupyter_julia_aot.search.masking import FSTRING, SINGLE, STRING
from jupyter_julia_aot.search.rules import Rule, Source
from jupyter_julia_aot.search.scanning import closing, outside, split

_FSTRING = re.compile(f"\ue000{FSTRING}\\d+\ue001")
_SINGLE = re.compile(f"\ue000{SINGLE}\\d+\ue001")
_LITERAL = f"\ue000[{STRING}]\\d+\ue001"


def _single_quotes(source: Source) -> str:
    """``'abc'`` → ``"abc"``; a single character stays a Julia character."""

    def replace(found: re.Match[str]) -> str:
        body = source.masked.part(found.group())
        if body.startswith("'''"):
            inner = body[3:].removesuffix("'''")
            return source.masked.hide(STRING, f'"""{_escape(inner)}"""')
        return source.masked.hide(STRING, f'"{_escape(body[1:-1])}"')

    return _SINGLE.sub(replace, source.text)


def _escape(body: str) -> str:
    """A Python string's body between double quotes, where ``"`` and ``$`` mean something."""
    return re.sub(r'(\\.)|(["$])', lambda m: _unquote(m.group(1)) if m.group(1) else f"\\{m.group(2)}", body)


def _unquote(escape: str) -> str:
    return "'" if escape == "\\'" else escape


def _fstrings(source: Source) -> str:
    def replace(found: re.Match[str]) -> str:
        body = source.masked.part(found.group()).lstrip("fF")
        quote = body[:3] if body[:3] in {'"""', "'''"} else body[:1]
        inner = body[len(quote) :].removesuffix(quote)
        double = '"""' if len(quote) == 3 else '"'
        return source.masked.hide(STRING, f"{double}{_interpolate(inner)}{double}")

    return _FSTRING.sub(replace, source.text)


def _interpolate(body: str) -> str:
    """The inside of an f-string with ``{x}`` as ``$(x)``; format specifications are dropped."""
    out: list[str] = []
    i = 0
    while i < len(body):
        if body.startswith(("{{", "}}"), i):
            out.append(body[i])
            i += 2
        elif body[i] == "{" and (end := closing(body, i)) > 0:
            out.append(_field(body[i + 1 : end]))
            i = end + 1
        elif body[i] == "\\":
            out.append(_unquote(body[i : i + 2]))
            i += 2
        else:
            out.append(f"\\{body[i]}" if body[i] in '$"' else body[i])
            i += 1
    return "".join(out)


def _field(inside: str) -> str:
    colon = outside(inside, re.compile(r":(?![:=])"))
    expression = inside if colon is None else inside[: colon.start()]
    digits = None if colon is None else re.fullmatch(r":\.(\d+)f", inside[colon.start() :])
    expression = re.sub(r"![rsa]$", "", expression.strip())
    return f"$(round({expression}, digits={digits.group(1)}))" if digits else f"$({expression})"


def _concatenation(source: Source) -> str:
    """``"a" + x`` and ``x + "a"`` → ``*``; ``s += "a"`` → ``*=``; ``"-" * 3`` → ``^``."""
    text = _string_variables(source.text)
    text = re.sub(rf"({_LITERAL}[ \t]*)\+(?=[ \t]*[\w(\ue000])", r"\1*", text)
    text = re.sub(rf"(?<=[\w)\]\ue001])([ \t]*)\+([ \t]*)(?={_LITERAL})", r"\1*\2", text)
    text = re.sub(rf"(?<=[\w)\]])([ \t]*)\+=(?=[ \t]*{_LITERAL})", r"\1*=", text)
    return re.sub(rf"({_LITERAL})[ \t]*\*[ \t]*(?=\d)", r"\1 ^ ", text)


def _string_variables(text: str) -> str:
    """``+`` beside a variable that starts as a string: Julia has no such addition."""
    for name in dict.fromkeys(re.findall(rf"^[ \t]*([^\W\d]\w*)[ \t]*=[ \t]*{_LITERAL}[ \t]*$", text, re.M)):
        # Assigned something else as well, it may be a number where the + is.
        plain = re.findall(rf"(?<![\w.]){name}[ \t]*=(?!=)[ \t]*(\S+)", text)
        if any(re.match(r"\d", value) for value in plain):
            continue
        text = re.sub(rf"(?<![\w.])({name})([ \t]*)\+(=?)(?=[ \t]*[\w(\ue000])(?!\+)", r"\1\2*\3", text)
        text = re.sub(rf"(?<=[\w)\]\ue001])([ \t]*)\+([ \t]*)(?={name}\b(?!\())", r"\1*\2", text)
    return text


_BRACE = re.compile(r"(?:(?<=[=(,\[>])|(?<=\breturn)|(?<=\bin))[ \t]*(\{)")


def _braces(source: Source) -> str:
    """``{k: v}`` → ``Dict(k => v)``, ``{a, b}`` → ``Set([a, b])``, ``{}`` → ``Dict()``."""
    text = source.text
    for found in reversed(list(_BRACE.finditer(text))):
        start = found.start(1)
        end = closing(text, start)
        # Type parameters: Dict{K, V}, where {T}, Tuple{…}.
        if end < 0 or re.search(r"\bwhere[ \t]*$", text[:start]):
            continue
        text = text[:start] + _collection(text[start + 1 : end]) + text[end + 1 :]
    return text


_COLON = re.compile(r"[ \t]*:(?![:=])[ \t]*")


def _collection(inside: str) -> str:
    parts = split(inside)
    if not parts:
        return "Dict()"
    colons = [outside(part, _COLON) for part in parts]
    if not all(colons):
        return f"Set([{', '.join(parts)}])"
    pairs = [
        f"{part[: colon.start()]} => {part[colon.end() :]}"
        for part, colon in zip(parts, colons, strict=True)
        if colon
    ]
    return f"Dict({', '.join(pairs)})"


TEXTS: tuple[Rule, ...] = (
    Rule("f-strings", "f-strings became Julia's interpolation", _fstrings),
    Rule("single quotes", "`'abc'` became `\"abc\"`", _single_quotes),
    Rule("concatenation", "`+` between strings became `*`", _concatenation),
    Rule("braces", "`{k: v}` became `Dict(k => v)`", _braces),
)
