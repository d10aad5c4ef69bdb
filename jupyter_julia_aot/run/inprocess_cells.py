"""Cells in this process, through juliacall: nothing is copied, and nothing stops Julia before it returns."""

from __future__ import annotations

import contextlib
import ctypes
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from jupyter_julia_aot.errors import Cancelled, JuliaError
from jupyter_julia_aot.run.capture import Capture
from jupyter_julia_aot.run.juliacall_route import JuliacallEngine
from jupyter_julia_aot.trial.session import OUTPUT_BYTES, OnShown, SessionResult
from jupyter_julia_aot.trial.session_output import OutputReader

NOTICE = (
    "runs in this process: it can be stopped only when it returns or prints; "
    "--worker runs a cell in a process that can be stopped at any time"
)
_DRAIN = ctypes.CFUNCTYPE(ctypes.c_int)


class InProcessCells:
    """Julia cells that share this process's ``Main``. The same contract as :class:`trial.Session`.

    A stop (Ctrl-C) reaches Julia when it prints, else it takes effect when the cell has returned.
    """

    route = "juliacall"

    def __init__(self, engine: JuliacallEngine) -> None:
        self.engine = engine
        self.toolchain = engine.toolchain
        self._number = 0
        self._capture: Capture | None = None
        self._reader: OutputReader | None = None
        self._failure: BaseException | None = None
        self._stop = False
        self._deadline: float | None = None
        self._callers: set[str] = set()
        self._token = secrets.token_hex(8)
        # Julia calls it by address as long as this process lives.
        self._drain_callback = _DRAIN(self._drain)
        address = ctypes.cast(self._drain_callback, ctypes.c_void_p).value
        engine.julia.start_console(self._token, address, self._take_display)

    # ------------------------------------------------------------ cells

    def run(
        self, code: str, name: str = "cell", *, seconds: float | None = None, on_shown: OnShown | None = None
    ) -> SessionResult:
        """Run a cell with the rules of Julia's top level; ``name`` is its file name in messages.

        ``seconds`` bounds nothing here unless the cell prints. Raises ``JuliaError``, ``Cancelled``.
        """
        start = time.monotonic()
        show = not code.rstrip().endswith(";")
        with self.engine.lock:
            self._number += 1
            self._failure, self._stop = None, False
            self._deadline = None if seconds is None else start + seconds
            self._reader = reader = OutputReader(self._token, OUTPUT_BYTES, on_shown)
            try:
                with self._stoppable(), Capture(reader) as self._capture:
                    data = self._call(lambda: self.engine.julia.run_cell(code, name, show, self._number))
            finally:
                self._capture = self._reader = None
            value = self.engine.julia.take_result()
            if self._stop:
                raise Cancelled(
                    "the stop came while Julia ran in this process, where it takes effect when Julia "
                    "returns; the cell ran to its end",
                    remedy="%%julia --worker runs a cell in a process that can be stopped at any time",
                )
            bundle = self._bundle(data)
        return SessionResult(
            shown=tuple(reader.shown),
            bundle=bundle,
            seconds=time.monotonic() - start,
            _fetch=lambda: self.engine.to_python(value),
        )

    def _call(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except Exception as error:
            fault = self.engine.fault(error)
            if self._failure is not None:
                raise self._failure from None
            if self._stop and isinstance(fault, JuliaError) and fault.julia_type == "InterruptException":
                raise Cancelled("the cell was stopped; its variables live on") from None
            raise fault from None

    def _drain(self) -> int:
        """Called by Julia when it has printed; nonzero stops the cell. No exception may leave it."""
        try:
            if self._capture is not None:
                self._capture.drain()
        except BaseException as error:  # handed to the caller of `run`
            self._failure = error
        late = self._deadline is not None and time.monotonic() > self._deadline
        self._stop = self._stop or late
        return int(self._stop or self._failure is not None)

    def _take_display(self, number: int, data: Any) -> None:
        bundle = self._bundle(data)
        if self._reader is not None and bundle is not None:
            self._reader.displays[number] = bundle

    @contextlib.contextmanager
    def _stoppable(self) -> Iterator[None]:
        """SIGINT as a flag: a KeyboardInterrupt between two steps would leave the descriptors turned."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def note(_signal: int, _frame: Any) -> None:
            self._stop = True

        before = signal.signal(signal.SIGINT, note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    # ------------------------------------------------------------ variables and help

    def set(self, **variables: Any) -> None:
        """Define Julia variables in ``Main``; NumPy arrays in column order are shared, not copied."""
        with self.engine.lock:
            for name, value in variables.items():
                self.engine.julia.set_variable(name, self.engine.to_julia(value))

    def get(self, variable: str) -> Any:
        """The value of a Julia variable; arrays of numbers as a view. Raises ``JuliaError``."""
        with self.engine.lock:
            return self.engine.to_python(self._call(lambda: self.engine.julia.get_variable(variable)))

    def call(self, function: str, *args: Any, **kwargs: Any) -> Any:
        """Call a function of ``Main``: its newest definition. Raises ``JuliaError``, ``NotCarriedError``."""
        with self.engine.lock:
            return self.engine.call(self.caller(function), function, args, kwargs)

    def caller(self, function: str) -> str:
        """By which name the engine knows a function of ``Main``."""
        name = f"Main.{function}"
        if function not in self._callers:
            self._callers.add(function)
            self.engine.add_function(name, self.engine.julia.called_by_name(function))
        return name

    def documentation(self, variable: str) -> str:
        """The docstrings of something a cell defined, as Markdown; empty without any."""
        with self.engine.lock:
            return str(self._call(lambda: self.engine.julia.documentation(variable)))

    def completions(self, code: str, position: int) -> tuple[list[str], int, int]:
        """As :meth:`trial.Session.completions`."""
        before = len(code[:position].encode())
        with self.engine.lock:
            done = self._plain(self._call(lambda: self.engine.julia.completions(code, before)))
        data = code.encode()
        start, stop = (len(data[: int(done[k])].decode(errors="ignore")) for k in ("start", "stop"))
        return [str(text) for text in done["matches"]], start, stop

    def interrupt(self) -> bool:
        """Ask the cell to stop; it does when it prints. False when nothing runs. From any thread."""
        if self._capture is None:
            return False
        self._stop = True
        return True

    def close(self) -> None:
        """Nothing: Julia lives as long as this process."""

    def _bundle(self, data: Any) -> dict[str, str | bytes] | None:
        """A value by MIME type; images come as arrays of bytes."""
        bundle = self._plain(data)
        if not isinstance(bundle, dict):
            return None
        return {str(k): v if isinstance(v, str) else bytes(v) for k, v in bundle.items()}

    def _plain(self, data: Any) -> Any:
        from jupyter_julia_aot.trial.values import decode

        return decode(bytes(data), owner=self.engine)
