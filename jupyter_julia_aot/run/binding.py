"""Binding accepted code: which Julia runs it, and how."""

from __future__ import annotations

from typing import Literal

from jupyter_julia_aot.errors import CapabilityError, ToolchainError
from jupyter_julia_aot.run.function import Engine, JuliaFunction
from jupyter_julia_aot.run.names import check_name
from jupyter_julia_aot.run.worker_route import close_sessions, worker_engine

Route = Literal["auto", "juliacall", "worker"]
ROUTES: tuple[Route, ...] = ("auto", "juliacall", "worker")

_WHY = {
    "juliacall": "juliacall: in this process, no copies",
    "worker": "worker: juliacall cannot run here, or was not asked for",
}

__all__ = ["ROUTES", "Route", "bind", "close_sessions"]


def bind(name: str, code: str, *, julia: str = "", route: str = "auto") -> JuliaFunction:
    """The Julia function ``name`` of ``code``, callable from Python.

    ``route``: ``juliacall`` runs it in this process, ``worker`` in a confined process that can be stopped;
    ``auto`` takes the one that a comparison (``%julia compare``) found faster for this very code, else
    juliacall when this Julia and Python can, else the worker; ``why`` of the function says so.
    Binding a name again gives a new function with the new code; close the old one.

    Raises :class:`SettingError` for a name that no function can have, :class:`CapabilityError` for a route
    that is not there, :class:`~jupyter_julia_aot.errors.JuliaError` when the code fails while it is defined
    or does not define ``name``, :class:`~jupyter_julia_aot.errors.NoJuliaError` and
    :class:`~jupyter_julia_aot.errors.SandboxError`.
    """
    check_name(name)
    if route not in ROUTES:
        raise CapabilityError(f"there is no route {route!r}", remedy=f"routes are: {', '.join(ROUTES)}")
    why = ""
    if route == "auto":
        from jupyter_julia_aot.run.measured import measured_route

        found, why = measured_route(name, code)
        route, why = (found, why) if found in ("juliacall", "worker") else ("auto", "")
    try:
        engine = _engine(julia, route)
    except ToolchainError:
        if not why:
            raise
        engine, why = _engine(julia, "auto"), ""  # what was measured is not there any more
    function = JuliaFunction(name, code, engine)
    function.why = why or _WHY[function.route]
    return function


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
