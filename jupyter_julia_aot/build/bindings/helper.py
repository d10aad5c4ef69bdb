"""A library in a process of its own: calls go over a socket, arrays are copied there and back.

Run as ``python -m jupyter_julia_aot.build.bindings.helper FOLDER MODULE DESCRIPTOR``. It answers
``(name, arguments)`` with ``("value", result, arrays)`` or ``("error", exception, arrays)``; ``arrays`` are
the array arguments after the call, which Julia may have changed. A result that is the argument itself comes
as its :class:`Same`.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import socket
import subprocess
import sys
import threading
import types
import weakref
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from jupyter_julia_aot.build.bindings.load import Library, import_package
from jupyter_julia_aot.errors import BuildError, JuliaError

START_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Same:
    """The argument with this number is the result."""

    number: int


def open_helper(folder: Path, module: str) -> Library:
    """Open the package at ``folder`` in a helper process.

    Raises :class:`BuildError` (stage ``load``) when it does not load there.
    """
    process = Helper(folder, module)
    # The classes of results live here, too; the package itself would load the library.
    parent = types.ModuleType(module)
    parent.__path__ = [str(folder)]
    sys.modules[module] = parent
    kinds = importlib.import_module(f"{module}._types")
    names: dict[str, Any] = {n: getattr(kinds, n) for n in process.public if hasattr(kinds, n)}
    functions = tuple(n for n in process.public if n not in names)
    for name in functions:
        names[name] = HelperFunction(process, name, process.documentation[name])
    return Library(names, functions, "helper")


class HelperFunction:
    """Calls a function in the helper process."""

    def __init__(self, process: Helper, name: str, documentation: str) -> None:
        self._process = process
        self.__name__ = self.__qualname__ = name
        self.__doc__ = documentation

    def __call__(self, *args: Any) -> Any:
        return self._process.call(self.__name__, args)

    def __repr__(self) -> str:
        return f"<Julia function {self.__name__} (helper process)>"


class Helper:
    """The helper process of one library; started anew after it ended."""

    def __init__(self, folder: Path, module: str) -> None:
        self._folder = folder
        self._module = module
        self._lock = threading.Lock()
        self.public: tuple[str, ...] = ()
        self.documentation: dict[str, str] = {}
        self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "jupyter_julia_aot.build.bindings.helper"]
        command += [str(self._folder), self._module, str(theirs.fileno())]
        with theirs:
            # A session of its own: an interrupt of the notebook is not its end.
            self._process = subprocess.Popen(
                command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._connection = Connection(ours.detach())
        self._close = weakref.finalize(self, _end, self._process, self._connection)
        try:
            ready = self._connection.poll(START_SECONDS)
            answer: Any = self._connection.recv() if ready else ("error", "it did not answer")
        except (EOFError, OSError):
            answer = ("error", "the process ended")
        if answer[0] == "error":
            self._close()
            raise BuildError(f"the library does not load in a helper process: {answer[1]}", stage="load")
        self.public, self.documentation = answer[1], answer[2]

    def call(self, name: str, args: tuple[Any, ...]) -> Any:
        """Call a function; raises what it raised, :class:`JuliaError` when the process ended."""
        with self._lock:
            if self._process.poll() is not None:
                self._start()
            data = pickle.dumps((name, args), protocol=5)
            try:
                self._connection.send_bytes(data)
                kind, value, arrays = pickle.loads(self._connection.recv_bytes())  # noqa: S301 - our own code
            except BaseException as error:
                # Interrupted or ended: an answer may still come, so no further one could be told apart.
                self._close()
                self._process.wait()
                if isinstance(error, (EOFError, OSError)):
                    raise JuliaError(
                        f"the helper process ended while it ran {name}", julia_type="ProcessExited"
                    ) from error
                raise
        for number, array in arrays.items():
            args[number][...] = array
        if kind == "error":
            raise value
        return args[value.number] if isinstance(value, Same) else value


def _end(process: subprocess.Popen[bytes], connection: Connection) -> None:
    connection.close()
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process.wait()


def serve(folder: Path, module: str, descriptor: int) -> None:
    """Open the library and answer calls until the other side is gone."""
    import numpy as np

    connection = Connection(descriptor)
    try:
        package = import_package(folder, module)
    except (ImportError, OSError, RuntimeError) as error:
        connection.send(("error", str(error)))
        return
    names = tuple(package.__all__)
    functions = {n: getattr(package, n) for n in names if not isinstance(getattr(package, n), type)}
    documentation = {n: str(f.__doc__) for n, f in functions.items() if callable(f)}
    connection.send(("ready", names, documentation))
    while True:
        try:
            name, args = pickle.loads(connection.recv_bytes())  # noqa: S301 - from the process that started us
        except (EOFError, OSError):
            return
        try:
            kind, value = "value", functions[name](*args)
        except Exception as error:  # told to the caller, who raises it
            kind, value = "error", error
        arrays = {i: a for i, a in enumerate(args) if isinstance(a, np.ndarray) and a.flags.writeable}
        value = next((Same(i) for i, a in enumerate(args) if a is value and i in arrays), value)
        connection.send_bytes(pickle.dumps((kind, value, arrays), protocol=5))


if __name__ == "__main__":
    os.environ.pop("JULIA_PROJECT", None)
    from jupyter_julia_aot.build.bindings.helper import serve as run  # not the copy named __main__

    run(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
