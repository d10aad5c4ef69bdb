"""Accepted Julia code as Python functions.

Names are imported from their modules on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_julia_aot.lazily import lazily

if TYPE_CHECKING:
    from jupyter_julia_aot.run.binding import bind, close_sessions
    from jupyter_julia_aot.run.function import JuliaFunction

__all__ = ["JuliaFunction", "bind", "close_sessions"]

_HOMES = {"JuliaFunction": "function", "bind": "binding", "close_sessions": "binding"}

__getattr__ = lazily(__name__, _HOMES)
