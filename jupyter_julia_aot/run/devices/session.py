"""A Julia process with a device's environment: not confined, because it must reach the device.

Only code that the user wrote or took runs in it.
"""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_julia_aot.records import Limits
from jupyter_julia_aot.run.devices.environments import Environment, process_variables
from jupyter_julia_aot.trial.session import OnShown, Session, SessionResult

_LIMITS = Limits(memory_bytes=0, processes=1024, file_bytes=1 << 40)


class DeviceSession:
    """A session in a device's environment, with one Julia file loaded before anything else.

    The same contract as :class:`trial.Session`: cells, calls, arrays through shared memory, a stop.
    """

    def __init__(self, environment: Environment, prelude: Path, *, unified: bool) -> None:
        self.environment = environment
        self._prelude = prelude
        chosen = environment.toolchain
        variables = {**chosen.environment, **process_variables(unified=unified)}
        self.toolchain = replace(chosen, environment=variables)
        self.session = Session(self.toolchain, limits=_LIMITS, sandbox="none")
        self._lock = threading.RLock()
        self._prepared_in = 0

    @property
    def starts(self) -> int:
        """Grows when everything that was defined is gone."""
        return self.session.starts if self.session.started else self.session.starts + 1

    def _prepare(self) -> None:
        if self._prepared_in == self.starts:
            return
        depots = ", ".join(map(_quoted, self.environment.depots))
        self.session.run(
            # Precompilation hands its output stream to a process, which before 1.7 must be a descriptor.
            'VERSION < v"1.7" && Core.eval(Base, :(rawhandle(::$(typeof(stdout))) = RawFD(1)))\n'
            f"empty!(DEPOT_PATH); append!(DEPOT_PATH, [{depots}])\n"
            f"pushfirst!(LOAD_PATH, {_quoted(self.environment.project)})\n"
            f"include({_quoted(str(self._prelude))});",
            "set-up",
        )
        self._prepared_in = self.session.starts

    def run(
        self, code: str, name: str = "cell", *, seconds: float | None = None, on_shown: OnShown | None = None
    ) -> SessionResult:
        """Run a cell; see :meth:`trial.Session.run`."""
        with self._lock:
            self._prepare()
            return self.session.run(code, name, seconds=seconds, on_shown=on_shown)

    def call(self, function: str, *args: Any, **kwargs: Any) -> Any:
        """Call a function; see :meth:`trial.Session.call`."""
        with self._lock:
            self._prepare()
            return self.session.call(function, *args, **kwargs)

    def define(self, module: str, code: str, name: str, function: str) -> str:
        """Load code into a module; see :meth:`trial.Session.define`."""
        with self._lock:
            self._prepare()
            return self.session.define(module, code, name, function)

    def set(self, **variables: Any) -> None:
        """Define variables; see :meth:`trial.Session.set`."""
        with self._lock:
            self._prepare()
            self.session.set(**variables)

    def get(self, variable: str) -> Any:
        """A variable; see :meth:`trial.Session.get`."""
        with self._lock:
            self._prepare()
            return self.session.get(variable)

    def documentation(self, variable: str) -> str:
        """A docstring; see :meth:`trial.Session.documentation`."""
        return self.session.documentation(variable)

    def completions(self, code: str, position: int) -> tuple[list[str], int, int]:
        """Completions; see :meth:`trial.Session.completions`."""
        return self.session.completions(code, position)

    def interrupt(self) -> bool:
        """Stop what runs."""
        return self.session.interrupt()

    def close(self) -> None:
        """End the process."""
        self.session.close()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("$", "\\$")
