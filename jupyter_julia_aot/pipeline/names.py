"""Which names a generated function may have: one of Julia and of Python, that its tests speak of."""

from __future__ import annotations

import keyword
import re

from jupyter_julia_aot.errors import OracleError, SettingError
from jupyter_julia_aot.records import Oracle

# Reserved words of Julia (manual, "Keywords") and names a module body cannot rebind.
_RESERVED = """
    baremodule begin break catch ccall const continue do else elseif end export false finally for
    function global if import let local macro module quote return struct true try using while
"""
JULIA_RESERVED = frozenset(_RESERVED.split())


def check_name(name: str, where: str = "NAME", *, bang: bool = False) -> str:
    """Return ``name`` if it can be bound in both languages; with ``bang`` also Julia's ``f!``.

    Raises :class:`SettingError` that begins with ``where`` the name was given.
    """
    if bang and name.endswith("!"):
        return check_name(name.rstrip("!"), where) + name[len(name.rstrip("!")) :]
    if not name:
        raise SettingError(f"{where}: the function's name is missing", remedy="such as: cube")
    if not name.isidentifier():
        raise SettingError(
            f"{where}: {name!r} is no identifier in Julia and Python",
            remedy="use letters, digits and _, and begin with a letter",
        )
    if keyword.iskeyword(name):
        raise SettingError(f"{where}: {name!r} is a Python keyword", remedy=f"such as: {name}_")
    if name in JULIA_RESERVED:
        raise SettingError(f"{where}: {name!r} is a Julia keyword", remedy=f"such as: {name}_")
    return name


def check_tested(name: str, oracle: Oracle | None) -> None:
    """Refuse an oracle that nowhere speaks of ``name``: whatever passes it would be unproven.

    It is a look at the words, so a name in a comment or a string counts. Raises :class:`OracleError`.
    """
    if oracle is not None and not re.search(rf"(?<![\w!]){re.escape(name)}(?![\w!])", oracle.source):
        example = "assert" if oracle.language == "python" else "@test"
        raise OracleError(
            f"{oracle.name} never mentions {name}, so it would prove nothing about it",
            remedy=f"write at least one line such as: {example} {name}(2) == 8",
        )
