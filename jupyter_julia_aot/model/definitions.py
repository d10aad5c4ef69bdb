"""Top-level definitions in a text that may be anything: Julia, Python, prose, a transcript."""

from __future__ import annotations

import re
from typing import NamedTuple

from jupyter_julia_aot.model.scan import bracket_end, statement_end

# Lines longer than this are data, not code somebody wrote; patterns are not tried on them.
LONGEST_LINE = 2000

_MACROS = r"(?:(?:[A-Z][\w.]*\.)?@[\w.]+[ \t]+)*"
_NAME = r"[^\W\d][\w!.]*"
_FUNCTION = re.compile(rf"{_MACROS}(?:function|macro)[ \t]+({_NAME})[ \t]*(?=[({{\n]|end\b|where\b|::)")
_OPERATOR_FUNCTION = re.compile(rf"{_MACROS}function[ \t]+(\(?[^\s\w(]{{1,3}}\)?|[\w.]+\.:\S+?)[ \t]*(?=\()")
_TYPE = re.compile(
    rf"{_MACROS}(?:(?:mutable[ \t]+)?struct|abstract[ \t]+type|primitive[ \t]+type|(?:bare)?module)[ \t]+"
    rf"({_NAME})(?=[\s{{<]|$)"
)
_CONSTANT = re.compile(rf"(?:const|global)[ \t]+({_NAME})[ \t]*(?:::[^=\n]+)?=(?!=)")
_ASSIGNMENT = re.compile(rf"({_NAME})[ \t]*=(?![=>])")
_IMPORT = re.compile(r"(?:using|import)[ \t]+[A-Z][\w.]*(?:[ \t]*[,:].*)?$")
_EXPORT = re.compile(rf"export[ \t]+{_NAME}(?:[ \t]*,[ \t]*{_NAME})*[ \t]*$")
_SHORT = re.compile(rf"{_MACROS}({_NAME})(?:\{{[^}}\n]*\}})?\(")
_RETURN_TYPE = re.compile(r"[\w.{},<: \t]*")
_DOCSTRING = re.compile(r'(?:raw|@doc[ \t]+(?:raw)?)?"')


class Definition(NamedTuple):
    """A definition at the top level of a text. ``start`` includes its docstring."""

    kind: str
    """``function``, ``type``, ``value`` or ``import``."""
    name: str
    start: int
    end: int
    complete: bool


def definition_at(text: str, at: int) -> tuple[str, str] | None:
    """``(kind, name)`` of the definition that starts at offset ``at``, if one does."""
    line_end = text.find("\n", at)
    line = text[at : line_end if line_end >= 0 else len(text)]
    if len(line) > LONGEST_LINE:
        return None
    for pattern, kind in (
        (_FUNCTION, "function"),
        (_OPERATOR_FUNCTION, "function"),
        (_TYPE, "type"),
        (_CONSTANT, "value"),
    ):
        match = pattern.match(text, at)
        if match:
            return kind, match.group(1).strip("()")
    for pattern in (_IMPORT, _EXPORT):
        if pattern.match(line):
            return "import", ""
    match = _SHORT.match(text, at)
    if match:
        close = bracket_end(text, match.end() - 1)
        if close is not None and _assigns(text, close):
            return "function", match.group(1)
    match = _ASSIGNMENT.match(line)
    if match and "." not in match.group(1):
        return "value", match.group(1)
    return None


def _assigns(text: str, at: int) -> bool:
    """Whether ``= …`` follows at ``at``, perhaps behind a return type and a ``where`` clause."""
    between = _RETURN_TYPE.match(text, at)
    end = between.end() if between else at
    if text[end : end + 1] != "=" or text[end + 1 : end + 2] in ("=", ">"):
        return False
    clause = text[at:end].strip()
    return not clause or clause.startswith(("::", "where"))


def definitions(text: str) -> list[Definition]:
    """The definitions that start at the beginning of a line, outermost only, in order."""
    found: list[Definition] = []
    doc: int | None = None
    at = 0
    while at < len(text):
        line_end = text.find("\n", at)
        line_end = line_end if line_end >= 0 else len(text)
        line = text[at:line_end]
        what = definition_at(text, at) if line and not line[0].isspace() else None
        if what is not None:
            end, complete = statement_end(text, at)
            end = max(end, line_end) if not complete else end
            found.append(Definition(*what, at if doc is None else doc, end, complete))
            at, doc = _next_line(text, end), None
        elif _DOCSTRING.match(line):
            end = statement_end(text, at).end
            doc, at = at, _next_line(text, max(end, at))
        else:
            if line.strip() and not line.startswith(("#", "@")):
                doc = None
            at = line_end + 1
    return found


def _next_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return end + 1 if end >= 0 else len(text)


def defines(text: str, name: str) -> bool:
    """Whether ``text`` defines a function (or a callable type or value) called ``name``."""
    return any(d.name.rsplit(".", 1)[-1] == name for d in definitions(text) if d.kind != "import")
