"""Devices and Reactant, for the faces."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_julia_aot.run.devices.session import DeviceSession
    from jupyter_julia_aot.run.reactant.function import ReactantFunction

Progress = Callable[[str], None]
_sessions: dict[str, DeviceSession] = {}


def device_report(
    julia: str = "",
    *,
    smoke: bool = True,
    progress: Progress | None = None,
    cancel: threading.Event | None = None,
) -> dict[str, Any]:
    """What the machine has and what works; see :func:`run.devices.report.device_report`."""
    from jupyter_julia_aot.run.devices import report

    return report.device_report(julia, smoke=smoke, progress=progress, cancel=cancel)


def device_lines(report: dict[str, Any]) -> list[str]:
    """A device report as text."""
    from jupyter_julia_aot.run.devices import table

    return table.lines(report)


def device_page(report: dict[str, Any]) -> str:
    """A device report as HTML."""
    from jupyter_julia_aot.run.devices import table

    return table.page(report)


def write_device_report(report: dict[str, Any], path: Path) -> None:
    """Write a report to attach to an issue: the text, then the JSON. Raises ``OSError``."""
    text = "\n".join(device_lines(report))
    data = json.dumps(report, indent=2, ensure_ascii=False)
    path.write_text(
        f"# Device report of jupyter_julia_aot\n\n```\n{text}\n```\n\n```json\n{data}\n```\n", "utf-8"
    )


def install_environment(which: str, julia: str = "", *, rocm: bool, progress: Progress) -> str:
    """Make the environment of ``reactant`` or ``amdgpu``; its folder. Raises :class:`DeviceError`."""
    from jupyter_julia_aot.run.devices.environments import make_environment

    return make_environment(
        "reactant" if which == "reactant" else "amdgpu", julia, rocm=rocm, progress=progress
    ).project


def device_session(which: str, julia: str = "") -> DeviceSession:
    """Cells in a device's environment, a process for each. Raises :class:`DeviceError` without one."""
    from jupyter_julia_aot.run.devices import environments, hardware, session

    if which not in _sessions:
        environment = environments.find_environment("reactant" if which == "reactant" else "amdgpu", julia)
        folder = Path(session.__file__).parent
        prelude = folder / "amdgpu.jl" if which == "amdgpu" else folder.parent / "reactant" / "engine.jl"
        unified = any(gpu.unified for gpu in hardware.find_gpus())
        _sessions[which] = session.DeviceSession(environment, prelude, unified=unified)
    return _sessions[which]


def close_device_sessions() -> None:
    """End the processes of :func:`device_session`."""
    while _sessions:
        _sessions.popitem()[1].close()


def reactant_function(name: str, code: str, backend: str, julia: str = "") -> ReactantFunction:
    """A function compiled by Reactant; see :func:`run.reactant.reactant_function`.

    Without its warning: the face shows the function's ``notice``.
    """
    import warnings

    from jupyter_julia_aot.run import reactant

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", reactant.CpuInsteadWarning)
        return reactant.reactant_function(name, code, backend, julia=julia)
