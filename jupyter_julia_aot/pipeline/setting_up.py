"""Installs what the main path needs and this machine lacks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Literal

from jupyter_julia_aot.errors import CapabilityError, ModelError, NoJuliaError
from jupyter_julia_aot.records import Toolchain

Source = Literal["auto", "official", "debian"]
Progress = Callable[[str, float | None], None]


def set_up(
    *,
    julia: str = "",
    source: Source = "auto",
    force: bool = False,
    model: bool = True,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> dict[str, Any]:
    """Make a Julia and the embedded model available.

    Returns ``{"julia": {"path", "version", "installed"}, "model": path or None,
    "model_problem": str or None}``: without the model, a server of the user's own still works.
    Raises :class:`~jupyter_julia_aot.errors.InstallError` when no Julia could be installed.
    """
    say = progress or (lambda message, fraction: None)
    toolchain, installed = _julia(julia, source, force, say, cancel)
    where: str | None = None
    problem: str | None = None
    if model:
        try:
            where = _model(say)
        except ModelError as error:
            problem = error.message
    return {
        "julia": {"path": toolchain.path, "version": toolchain.version, "installed": installed},
        "model": where,
        "model_problem": problem,
    }


def _julia(
    julia: str, source: Source, force: bool, say: Progress, cancel: threading.Event | None
) -> tuple[Toolchain, bool]:
    from jupyter_julia_aot.toolchain import choose_toolchain, install_julia

    if not force:
        try:
            return choose_toolchain("trial", julia), False
        except (NoJuliaError, CapabilityError):
            say("no usable Julia found, installing one", None)
    return install_julia(source=source, progress=say, cancel=cancel), True


def _model(say: Progress) -> str:
    from jupyter_julia_aot.model import install_model

    return str(install_model(progress=say))
