"""A Julia function that Reactant compiles for a device, called from Python."""

from __future__ import annotations

import itertools
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_julia_aot.errors import DeviceError, SettingError
from jupyter_julia_aot.run.devices.environments import Environment, find_environment
from jupyter_julia_aot.run.devices.session import DeviceSession
from jupyter_julia_aot.run.names import check_name, python_name
from jupyter_julia_aot.run.reactant.export import Exported, write_program
from jupyter_julia_aot.run.reactant.hlo import Hlo
from jupyter_julia_aot.run.reactant.host import load, reactant_host

BACKENDS = ("auto", "cpu", "gpu", "rocm", "cuda", "tpu", "metal")
_numbers = itertools.count(1)
_functions: dict[tuple[str, str, str, str], ReactantFunction] = {}
_lock = threading.Lock()


class CpuInsteadWarning(UserWarning):
    """A device that was asked for cannot be used; the message says why, and the CPU is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReactantRun:
    """One call. ``compile_seconds`` is that of the compilation it used, made in this call if ``compiled``.

    ``difference`` is the relative error in the Euclidean norm between Reactant's result and plain Julia's for
    the first call of each compilation, ``tolerance`` what it may be: the square root of the machine epsilon
    of the least precise number type in the result, 0 for whole numbers. ``peak_bytes``: memory of the
    device's allocator, ``None`` where it keeps no count.
    """

    platform: str
    compiled: bool
    compile_seconds: float
    run_seconds: float
    plain_seconds: float
    difference: float
    tolerance: float
    equal: bool
    peak_bytes: int | None


class ReactantFunction:
    """Calls a Julia function compiled by Reactant; see :func:`reactant_function`.

    Compiled once for each combination of argument shapes and element types; numbers are traced, so another
    number needs no new compilation (``True`` and ``False`` are part of the program). What the function
    changes in a NumPy array argument is changed there. ``last`` tells of the last call. Raises ``JuliaError``
    for what Julia or Reactant says, :class:`DeviceError` for a result that is not that of plain Julia.
    """

    route = "reactant"

    def __init__(self, name: str, code: str, backend: str, host: DeviceSession, notice: str) -> None:
        self.name = name
        self.__name__ = self.__qualname__ = python_name(name)
        self.__julia_code__ = code
        self.backend = backend
        self.notice = notice
        """Why it is not the backend that was asked for; empty when it is."""
        self.why = ""
        """Why it runs by this route."""
        self.last: ReactantRun | None = None
        self.example: tuple[Any, ...] | None = None
        """The arguments of the last call that went well: their shapes and types are those of a program."""
        self._host = host
        self._module = f"Traced{next(_numbers)}"
        self._define()

    def _define(self) -> None:
        load(self._host)
        doc = self._host.define(self._module, self.__julia_code__, self.name, self.name)
        self.__doc__ = doc.strip() or f"The Julia function {self.name}, compiled by Reactant."
        self._defined_in = self._host.starts

    def _there(self) -> None:
        if self._defined_in != self._host.starts:
            self._define()  # its process ended since

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs:
            raise SettingError(
                f"{self.name}: Reactant's route takes no keyword arguments", remedy="give them a default"
            )
        self._there()
        done = self._host.call("ReactantEngine.call", self._module, self.name, self.backend, *args)
        self.last = ReactantRun(
            platform=str(done["platform"]),
            compiled=bool(done["compiled"]),
            compile_seconds=float(done["compile_seconds"]),
            run_seconds=float(done["run_seconds"]),
            plain_seconds=float(done["plain_seconds"]),
            difference=float(done["difference"]),
            tolerance=float(done["tolerance"]),
            equal=bool(done["equal"]),
            peak_bytes=None if done["peak_bytes"] is None else int(done["peak_bytes"]),
        )
        if not self.last.equal:
            raise DeviceError(
                f"{self.name} compiled by Reactant gives another result than plain Julia: relative error "
                f"{self.last.difference:.3g}, more than {self.last.tolerance:.3g}",
                remedy="a branch or an index that depends on values is fixed when it is traced (use @trace "
                "or whole-array operations), or the device computes wrongly (%julia devices)",
            )
        self.example = args
        returned = int(done["returned"])
        return args[returned - 1] if returned else done["value"]

    def memory_bytes(self) -> int:
        """The most memory, in bytes, that Reactant's process has had."""
        return int(self._host.call("Base.Sys.maxrss"))

    def hlo(self, *args: Any) -> Hlo:
        """The StableHLO for such arguments, as traced and as optimised by Reactant."""
        self._there()
        before, after = (
            str(
                self._host.call("ReactantEngine.hlo", self._module, self.name, self.backend, optimized, *args)
            )
            for optimized in (False, True)
        )
        return Hlo(name=self.name, before=before, after=after)

    def export(self, folder: Path | str, *args: Any) -> Exported:
        """Write the program for such arguments, and a Python module that runs it with jax alone.

        Raises :class:`DeviceError` for arguments that no program takes, and a function without results.
        """
        self._there()
        done = self._host.call("ReactantEngine.exported", self._module, self.name, self.backend, *args)
        return write_program(self.name, str(done["text"]), Path(folder), args, results=int(done["results"]))

    def __repr__(self) -> str:
        return f"<Julia function {self.name} compiled by Reactant for {self.backend}>"


def reactant_function(name: str, code: str, backend: str = "auto", *, julia: str = "") -> ReactantFunction:
    """The Julia function ``name`` of ``code``, compiled by Reactant for ``backend``.

    A GPU is used only after a smoke test in a helper process; where that fails the CPU is used and a
    :class:`CpuInsteadWarning` says why. ``auto`` takes a GPU that the machine has and that works. The same
    code for the same backend is the same function; other code is a new one, compiled anew. Raises
    :class:`DeviceError` when there is no Reactant, :class:`SettingError` for a backend that does not exist.
    """
    check_name(name)
    if backend not in BACKENDS:
        raise SettingError(f"there is no backend {backend!r}", remedy=f"backends are: {', '.join(BACKENDS)}")
    environment = find_environment("reactant", julia)
    used, notice, unified = _usable(environment, backend)
    if notice and backend != "auto":
        warnings.warn(notice, CpuInsteadWarning, stacklevel=3)
    key = (environment.project, used, name, code)
    with _lock:
        function = _functions.get(key)
        if function is None:
            host = reactant_host(environment, unified=unified)
            function = _functions[key] = ReactantFunction(name, code, used, host, notice)
        return function


def _usable(environment: Environment, backend: str) -> tuple[str, str, bool]:
    """The backend to use, why it is not the one asked for, and whether its memory is the system's."""
    from jupyter_julia_aot.run.devices.hardware import find_gpus
    from jupyter_julia_aot.run.devices.smoke import smoke_test

    gpus = find_gpus()
    unified = any(gpu.unified for gpu in gpus)
    if backend == "cpu":
        return "cpu", "", unified
    if backend == "auto":
        vendors = {gpu.vendor for gpu in gpus}
        wanted = "rocm" if "AMD" in vendors else "cuda" if "NVIDIA" in vendors else ""
        if not wanted:
            return "cpu", "this machine shows no GPU", unified
    else:
        wanted = backend
    smoke = smoke_test(environment, wanted, unified=unified)
    if smoke.usable:
        return wanted, "", unified
    return "cpu", f"{wanted} cannot be used, so the CPU is: {smoke.reason}", unified
