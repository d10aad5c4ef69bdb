"""Installs what the main path needs and this machine lacks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Literal

from jupyter_julia_aot.errors import BuildError, CapabilityError, ModelError, NoJuliaError, ToolchainError
from jupyter_julia_aot.records import Toolchain, to_json

Source = Literal["auto", "official", "debian"]
Progress = Callable[[str, float | None], None]


def set_up(
    *,
    julia: str = "",
    source: Source = "auto",
    force: bool = False,
    model: bool = True,
    image: bool = True,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> dict[str, Any]:
    """Make a Julia, its worker image and the embedded model available; ``image``: also what a notebook's own
    Julia compiles once, where juliacall can be used.

    Returns ``{"julia": {"path", "version", "installed"}, "image": {"state", "reason", "path", …},
    "model": path or None, "model_problem": str or None}``: without the model, a server of the user's own
    still works, and without the image workers start more slowly.
    Raises :class:`~jupyter_julia_aot.errors.InstallError` when no Julia could be installed.
    """
    say = progress or (lambda message, fraction: None)
    toolchain, installed = _julia(julia, source, force, say, cancel)
    where: str | None = None
    worker_image = _image(toolchain, image, say, cancel)
    if image:
        _in_process(toolchain, say, cancel)
    problem: str | None = None
    if model:
        try:
            where = _model(say)
        except ModelError as error:
            problem = error.message
    return {
        "julia": {"path": toolchain.path, "version": toolchain.version, "installed": installed},
        "image": worker_image,
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


def _image(
    toolchain: Toolchain, wanted: bool, say: Progress, cancel: threading.Event | None
) -> dict[str, Any]:
    from jupyter_julia_aot.trial.image import build_image, image_status

    if wanted:
        try:
            build_image(toolchain, say, cancel)
        except BuildError:
            say("no worker image could be made; workers start without", None)
    status: dict[str, Any] = to_json(image_status(toolchain))
    return status


def _in_process(toolchain: Toolchain, say: Progress, cancel: threading.Event | None) -> None:
    from jupyter_julia_aot.pipeline.routes import prepare_run

    if "juliacall" not in toolchain.capabilities:
        return
    try:
        prepare_run(toolchain.path, progress=lambda text: say(text, None), cancel=cancel)
    except ToolchainError as error:  # `%%julia --worker` and accepted functions still work
        say(f"Julia in the notebook's process: {error.message}", None)


def _model(say: Progress) -> str:
    from jupyter_julia_aot.model import install_model

    return str(install_model(progress=say))
