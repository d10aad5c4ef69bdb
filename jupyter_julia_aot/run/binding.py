"""Binding accepted code: which Julia runs it, and how."""

from __future__ import annotations

from typing import Literal

from jupyter_julia_aot.errors import CapabilityError, ToolchainError
from jupyter_julia_aot.run.function import Engine, JuliaFunction
from jupyter_julia_aot.run.names import check_name
from jupyter_julia_aot.run.worker_route import close_sessions, worker_engine

Route = Literal["auto", "juliacall", "worker"]
ROUTES: tuple[Route, ...] = ("auto", "juliacall", "worker")

__all__ = ["ROUTES", "Route", "bind", "close_sessions"]


def bind(name: str, code: str, *, julia: str = "", route: str = "auto") -> JuliaFunction:
    """The Julia function ``name`` of ``code``, callable from Python.

    ``route``: ``juliacall`` runs it in this process, ``worker`` in a confined process that can be stopped;
    ``auto`` takes juliacall when this Julia and Python can, else the worker. Binding a name again gives a new
    function with the new code; close the old one.

    Raises :class:`SettingError` for a name that no function can have, :class:`CapabilityError` for a route
    that is not there, :class:`~jupyter_julia_aot.errors.JuliaError` when the code fails while it is defined
    or does not define ``name``, :class:`~jupyter_julia_aot.errors.NoJuliaError` and
    :class:`~jupyter_julia_aot.errors.SandboxError`.
    """
    check_name(name)
    if route not in ROUTES:
        raise CapabilityError(f"there is no route {route!r}", remedy=f"routes are: {', '.join(ROUTES)}")
    return JuliaFunction(name, code, _engine(julia, route))


def _engine(julia: str, route: str) -> Engine:
    from jupyter_julia_aot.run.juliacall_route import juliacall_engine
    from jupyter_julia_aot.toolchain import choose_toolchain

    if route != "worker":
        try:
            return juliacall_engine(choose_toolchain("juliacall", julia))
        except ToolchainError:
            if route == "juliacall":
                raise
    return worker_engine(choose_toolchain("trial", julia))
