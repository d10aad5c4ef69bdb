"""Accepted Julia code as Python functions.

Names are imported from their modules on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_julia_aot.run.binding import bind, close_sessions
    from jupyter_julia_aot.run.function import JuliaFunction

__all__ = ["JuliaFunction", "bind", "close_sessions"]

_HOMES = {"JuliaFunction": "function", "bind": "binding", "close_sessions": "binding"}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
