"""Julia cells of a notebook, for the faces."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_julia_aot.run.cells import OpenCells
    from jupyter_julia_aot.trial import Session


def choose_cells(
    worker: Callable[[], Session], *, route: str = "auto", julia: str = "", threads: int | None = None
) -> OpenCells:
    """Cells by a route; see :func:`run.cells.choose_cells`."""
    from jupyter_julia_aot.run import cells

    return cells.choose_cells(worker, route=route, julia=julia, threads=threads)


def device_cells(which: str, julia: str = "") -> OpenCells:
    """Cells with a device's package loaded. Raises :class:`DeviceError` when it is not installed."""
    from jupyter_julia_aot.pipeline.devices import device_session
    from jupyter_julia_aot.run.cells import OpenCells

    session = device_session(which, julia)
    version = session.toolchain.version
    notice = f"Julia {version} runs in an unconfined process of its own with {which}; it can be stopped"
    return OpenCells(session, f"device-{which}", notice)


def bind_from_cell(name: str, opened: OpenCells, code: str) -> Any:
    """What a cell defined; see :func:`run.cells.bind_from_cell`."""
    from jupyter_julia_aot.run import cells

    return cells.bind_from_cell(name, opened, code)


def help_code(topic: str) -> str:
    """Julia code that shows the help of a topic."""
    from jupyter_julia_aot.run import cells

    return cells.help_code(topic)


def python_name(name: str) -> str:
    """What a Julia function is called in Python; see :func:`run.names.python_name`."""
    from jupyter_julia_aot.run import names

    return names.python_name(name)
