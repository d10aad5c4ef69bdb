"""Julia names and what they are called in Python."""

from __future__ import annotations

import keyword
import unicodedata

from jupyter_julia_aot.errors import SettingError

# Words that no Julia definition can have as its name.
_JULIA_KEYWORDS = frozenset(
    {
        *(
            "baremodule",
            "begin",
            "break",
            "catch",
            "const",
            "continue",
            "do",
            "else",
            "elseif",
            "end",
            "export",
        ),
        *("false", "finally", "for", "function", "global", "if", "import", "let", "local", "macro", "module"),
        *("quote", "return", "struct", "true", "try", "using", "while"),
    }
)
# Symbols that Julia allows in names beside letters (`Sm`, currency, primes), by Unicode category.
_STARTS = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "Sc", "So"})
_FOLLOWS = _STARTS | {"Nd", "No", "Mn", "Mc", "Me", "Pc", "Sk"}


def check_name(name: str) -> str:
    """``name`` when both languages can use it. Raises :class:`SettingError` otherwise.

    A Julia identifier, perhaps with ``!`` at its end, that is a keyword of neither language.
    """
    remedy = (
        "use letters, digits and _ (not first a digit), with ! only at the end, such as total or sort_rows!"
    )
    core = name.rstrip("!")
    if not core or not _is_identifier(core):
        raise SettingError(f"{name!r} is no name of a Julia function", remedy=remedy)
    if core in _JULIA_KEYWORDS:
        raise SettingError(f"{name!r} is a keyword of Julia", remedy="choose another name")
    if keyword.iskeyword(python_name(name)):
        raise SettingError(
            f"{name!r} is a keyword of Python, so it cannot be called", remedy="choose another name"
        )
    if not python_name(name).isidentifier():
        raise SettingError(f"{name!r} cannot be a name in Python", remedy=remedy)
    return name


def python_name(name: str) -> str:
    """The Python name of a Julia function: ``f!`` is ``f_b`` (b for bang), as juliacall names it."""
    core = name.rstrip("!")
    return core + "_b" * (len(name) - len(core))


def _is_identifier(text: str) -> bool:
    return (text[0] == "_" or unicodedata.category(text[0]) in _STARTS) and all(
        unicodedata.category(c) in _FOLLOWS or c in "!′″‴" for c in text[1:]
    )
