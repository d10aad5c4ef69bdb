"""Functions in this process, through juliacall (:mod:`~jupyter_julia_aot.run.juliacall_start` starts it).

One Python thread is in Julia at a time (:class:`_InJulia`).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np

from jupyter_julia_aot.errors import CapabilityError, JuliaError
from jupyter_julia_aot.records import Toolchain
from jupyter_julia_aot.run.juliacall_start import start

_SIMPLE = frozenset({int, float, bool, str, type(None)})
_A_MOMENT = 5e-5
_INT64 = range(-(1 << 63), 1 << 63)
_lock = threading.Lock()
_engine: JuliacallEngine | None = None


def running_engine() -> JuliacallEngine | None:
    """The engine of this process, if it was started."""
    return _engine


def juliacall_engine(toolchain: Toolchain, threads: int | None = None) -> JuliacallEngine:
    """The engine of this process, started on the first call (seconds).

    ``threads``: Julia's threads, 1 unless said. With more than one Julia takes over the process's signals,
    which its garbage collector needs then, and Ctrl-C raises no ``KeyboardInterrupt`` any more.
    Raises ``CapabilityError`` when juliacall does not start, or runs with another Julia or number of threads.
    """
    global _engine
    with _lock:
        if _engine is None:
            _engine = JuliacallEngine(toolchain, threads or 1)
        if threads is not None and threads != _engine.threads:
            raise CapabilityError(
                f"Julia runs in this process already, with {_engine.threads} thread(s)",
                remedy="restart the kernel and give --threads with the first cell",
            )
        if os.path.realpath(_engine.toolchain.path) != os.path.realpath(toolchain.path):
            raise CapabilityError(
                f"this process runs Julia {_engine.toolchain.version} ({_engine.toolchain.path}) already",
                remedy="restart the kernel, or use route='worker'",
            )
        return _engine


class JuliacallEngine:
    """Julia in this process. One per process; see :func:`juliacall_engine`."""

    route: Any = "juliacall"
    starts = 1
    python_types = frozenset({*_SIMPLE, np.ndarray})

    def __init__(self, toolchain: Toolchain, threads: int = 1) -> None:
        self.toolchain = toolchain
        self.threads = threads
        self.cells: Any = None
        """The cells of this process, once there are some."""
        self._main = start(toolchain, threads)
        self.julia = self._main.JuliaAotInProcess
        self.lock = _InJulia(int(self.julia.owner_address()))
        self._wrap, self._plain_array = self.julia.wrap, self.julia.plain_array
        self._functions: dict[str, Any] = {}
        # In place of the method that `AnyValue.__call__` calls.
        self.number = int(self.julia.start_direct(id(np.ndarray)))
        self._same = self._main.seval("===")

    def define(self, module: str, code: str, name: str, function: str) -> str:
        """Load code into a module of its own; the docstring of the function it defines."""
        with self.lock, self._faults():
            caller, doc = self.julia.define(module, code, name, function)
        self._functions[module] = caller
        return str(doc)

    def memory_bytes(self) -> int:
        """The most memory that this process has had."""
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    def add_function(self, module: str, function: Any) -> None:
        """Let :meth:`call` find a Julia function as that of ``module``."""
        self._functions[module] = function

    def forget(self, module: str) -> None:
        """Drop the function."""
        self._functions.pop(module, None)

    def direct(self, module: str) -> Callable[..., Any]:
        """PythonCall's method behind one function; takes :attr:`number` and the arguments.

        Gives ``NotImplemented`` when they are not plain: numbers, texts, NumPy arrays that can be shared.
        """
        return cast(Callable[..., Any], self._functions[module]._jl_callmethod)

    def call(self, module: str, function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call it. Raises ``JuliaError``, ``NotCarriedError``."""
        with self.lock:
            target = self._functions[module]
            copies: list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]] = []
            sent = [a if _simple(a) else self.to_julia(a, copies) for a in args]
            named = {k: v if _simple(v) else self.to_julia(v, copies) for k, v in kwargs.items()}
            try:
                value = target(*sent, **named)
            except Exception as error:
                raise self.fault(error) from None
            for original, copy in copies:
                if original.flags.writeable:
                    original[...] = copy
            return value if type(value) in _SIMPLE else self.to_python(value, args, sent)

    def to_julia(self, value: Any, copies: list[tuple[Any, Any]] | None = None) -> Any:
        """A Python value for Julia. NumPy arrays in column order share their memory; of others a copy goes,
        which is added to ``copies`` with its original."""
        from jupyter_julia_aot.trial.values import array_tag, encode

        if isinstance(value, np.ndarray) and (tag := array_tag(value)) is not None:
            array = value
            if not (array.flags.f_contiguous and array.flags.writeable and array.flags.aligned):
                # Julia's arrays lie column by column, and may be written to.
                array = np.array(value, order="F", copy=True)
                if copies is not None:
                    copies.append((value, array))
            return self._wrap(array.ctypes.data, str(tag), array.shape, array)
        return self.julia.decode(encode(value, owner=self))

    def to_python(self, value: Any, args: tuple[Any, ...] = (), sent: list[Any] | None = None) -> Any:
        """A Julia value for Python; an argument that came back is the argument itself."""
        from jupyter_julia_aot.trial.values import decode

        for argument, julia in zip(args, sent or (), strict=True):
            if julia is value or (isinstance(argument, np.ndarray) and self._same(julia, value)):
                return argument
        if self._plain_array(value):
            return np.asarray(value)
        data = bytes(self.julia.encode(value))
        return decode(data, owner=self, forget=self.julia.forget)

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            raise self.fault(error) from None

    def fault(self, error: Exception) -> Exception:
        """The Julia exception behind what juliacall raised (a MethodError arrives as TypeError there)."""
        from jupyter_julia_aot.trial.session import julia_error
        from jupyter_julia_aot.trial.values import decode

        report = decode(bytes(self.julia.last_fault()))
        if not isinstance(report, dict):
            return JuliaError(str(error), julia_type=type(error).__name__)
        return julia_error(report)


class _InJulia:
    """The right to be in Julia, for one Python thread at a time; a thread that has it may take it again.

    Who has it stands in a word of memory, so that the short way (``direct.jl``) takes and returns it in
    nanoseconds. Whoever reads or writes that word holds Python's own lock.
    """

    def __init__(self, address: int) -> None:
        self._owner = ctypes.c_size_t.from_address(address)
        self._lock = threading.RLock()
        self._before: list[int] = []

    def __enter__(self) -> None:
        me = threading.get_ident()
        self._lock.acquire()
        while (owner := self._owner.value) not in (0, me):
            # A short call whose Julia code called Python, which lets us run.
            self._lock.release()
            time.sleep(_A_MOMENT)
            self._lock.acquire()
        self._before.append(owner)
        self._owner.value = me

    def __exit__(self, *error: object) -> None:
        self._owner.value = self._before.pop()
        self._lock.release()


def _simple(value: Any) -> bool:
    return type(value) in _SIMPLE and (type(value) is not int or value in _INT64)
