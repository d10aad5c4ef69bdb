"""The processes that Reactant runs in, one for each environment."""

from __future__ import annotations

import atexit
import threading
from pathlib import Path

from jupyter_julia_aot.errors import DeviceError, JuliaError
from jupyter_julia_aot.run.devices.environments import Environment
from jupyter_julia_aot.run.devices.session import DeviceSession

_ENGINE = Path(__file__).parent / "engine.jl"
_lock = threading.Lock()
_hosts: dict[tuple[str, str], DeviceSession] = {}


def reactant_host(environment: Environment, *, unified: bool) -> DeviceSession:
    """The process of an environment; it starts with its first call."""
    with _lock:
        if not _hosts:
            atexit.register(close_hosts)
        key = (environment.toolchain.path, environment.project)
        if key not in _hosts:
            _hosts[key] = DeviceSession(environment, _ENGINE, unified=unified)
        return _hosts[key]


def load(host: DeviceSession) -> None:
    """Start the process and load Reactant. Raises :class:`DeviceError` when it does not load."""
    try:
        host.run("nothing;", "set-up")
    except JuliaError as error:
        raise DeviceError(
            f"Reactant does not load: {error.julia_type}: {error.message}",
            remedy="%julia devices says more",
        ) from error


def close_hosts() -> None:
    """End the processes."""
    with _lock:
        hosts = list(_hosts.values())
        _hosts.clear()
    for host in hosts:
        host.close()
