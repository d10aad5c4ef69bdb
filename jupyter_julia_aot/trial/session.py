"""A stateful, confined, interruptible Julia for a notebook."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import numpy as np

from jupyter_julia_aot.errors import Cancelled, JuliaError, SettingError, WorkerError
from jupyter_julia_aot.records import Limits, Toolchain
from jupyter_julia_aot.trial.image_background import want_image
from jupyter_julia_aot.trial.julia_types import Handle
from jupyter_julia_aot.trial.sandbox import SandboxName
from jupyter_julia_aot.trial.session_output import Bundle, Displayed, OutputReader, Printed, Shown
from jupyter_julia_aot.trial.session_process import ProcessEndedError, SessionProcess, start_session
from jupyter_julia_aot.trial.shared_arrays import SharedArrays, scratch_folder
from jupyter_julia_aot.trial.starting import Starting
from jupyter_julia_aot.trial.values import decode, encode

OUTPUT_BYTES = 1 << 20
"""What a cell may print before it is cut, unless the limits allow more."""
STATE_LOST = "the session starts anew and the variables of earlier cells are gone"

OnShown = Callable[[Shown], None]


@dataclass(frozen=True, slots=True)
class SessionResult:
    """What a cell did.

    ``shown`` is everything it printed and displayed, in order; ``bundle`` the value of its last expression by
    MIME type (``None`` after ``nothing`` or a ``;``); ``seconds`` wall clock.
    """

    shown: tuple[Shown, ...] = ()
    bundle: Bundle | None = None
    seconds: float = 0.0
    _fetch: Callable[[], Any] = field(default=lambda: None, repr=False, compare=False)

    @property
    def value(self) -> Any:
        """The last expression's value as a Python value; big ones are fetched when first asked for.

        Raises ``WorkerError`` when the session that holds it is gone.
        """
        return self._fetch()

    @property
    def output(self) -> str:
        """What was printed, standard output and standard error together."""
        return "".join(item.text for item in self.shown if isinstance(item, Printed))

    @property
    def displays(self) -> tuple[Bundle, ...]:
        """The values displayed on the way."""
        return tuple(item.bundle for item in self.shown if isinstance(item, Displayed))


class Session:
    """Julia cells that share their state, in a sandbox.

    The process starts with the first cell and dies with this program. ``limits.seconds`` does not bound a
    cell: give ``run`` its own ``seconds``. Methods may be called from any thread; one runs at a time.

    A stopped cell (:meth:`interrupt`, ``seconds``, or Ctrl-C) raises ``Cancelled``. What Julia code does
    wrong is a ``JuliaError``, the end of the process included; the next cell then starts a new one.
    """

    def __init__(
        self, toolchain: Toolchain, *, limits: Limits | None = None, sandbox: SandboxName = "auto"
    ) -> None:
        self.toolchain = toolchain
        self.limits = limits or Limits()
        self._sandbox: SandboxName = sandbox
        self._lock = threading.RLock()
        self._process: SessionProcess | None = None
        self._starting: Starting | None = None
        self._arrays: SharedArrays | None = None
        self._forgotten: list[int] = []
        self._closed = False
        self.starts = 0
        """How many processes it has had; what was defined in an earlier one is gone."""

    # ------------------------------------------------------------ cells

    def run(
        self,
        code: str,
        name: str = "cell",
        *,
        seconds: float | None = None,
        on_shown: OnShown | None = None,
        show: bool = True,
    ) -> SessionResult:
        """Run a cell with the rules of Julia's top level; ``name`` is its file name in messages.

        ``on_shown`` gets what is shown as it comes; ``seconds`` bounds the wall clock. The cell's value is
        shown unless it ends in a semicolon, or ``show`` is false.
        """
        with self._lock:
            start = time.monotonic()
            process = self._started()
            show = show and not code.rstrip().endswith(";")
            output = self._output(on_shown)
            done = self._request({"type": "run", "code": code, "name": name, "show": show}, output, seconds)
            bundle = done.get("bundle")
            return SessionResult(
                shown=tuple(output.shown),
                bundle=bundle if isinstance(bundle, dict) else None,
                seconds=time.monotonic() - start,
                _fetch=self._later(process, done),
            )

    def _later(self, process: SessionProcess, done: Mapping[str, Any]) -> Callable[[], Any]:
        if "later" not in done:
            value = self._decode(done.get("value") or b"\xc0")
            return lambda: value
        handle: Handle = self._decode(done["later"])
        found: list[Any] = []

        def fetch() -> Any:
            if not found:
                with self._lock:
                    if self._process is not process or not process.alive():
                        raise WorkerError(
                            "the value was not fetched before its Julia session ended",
                            remedy="run the cell again",
                        )
                    found.append(self._value_of(handle))
            return found[0]

        return fetch

    def _value_of(self, handle: Handle) -> Any:
        value = encode(handle, owner=self._process)
        return self._decode(self._request({"type": "value", "value": value}, self._output(None))["value"])

    def define(self, module: str, code: str, name: str, function: str) -> str:
        """Load code into a fresh Julia module ``module`` of this session; ``name`` is its file name in
        messages. Gives the docstring (Markdown) of ``function``, which the code must define.

        Raises ``JuliaError`` when the code fails or does not define it.
        """
        with self._lock:
            self._started()
            message = {"type": "define", "module": module, "code": code, "name": name, "function": function}
            return str(self._request(message, self._output(None))["text"])

    # ------------------------------------------------------------ calls and variables

    def call(
        self,
        function: str | Handle,
        *args: Any,
        seconds: float | None = None,
        on_shown: OnShown | None = None,
        **kwargs: Any,
    ) -> Any:
        """Call a Julia function (a name such as ``"f"`` or ``"M.f"``, or a handle); its value.

        NumPy arrays are copied there; what the function changes in them is copied back. Raises
        ``NotCarriedError`` for an argument without a Julia counterpart, ``JuliaError``, ``Cancelled``.
        """
        with self._lock:
            process = self._started()
            arrays = self._arrays
            assert arrays is not None  # noqa: S101 - set with the process
            shared: dict[int, int] = {}
            try:
                packed = [self._argument(i, value, shared) for i, value in enumerate(args)]
                named = {k: encode(v, share=arrays.share, owner=process) for k, v in kwargs.items()}
                target = encode(function, owner=process) if isinstance(function, Handle) else function
                message = {
                    "type": "call",
                    "function": target,
                    "arguments": packed,
                    "keywords": named,
                    "shared": [[i + 1, place] for i, place in shared.items()],
                    "resizable": False,
                }
                done = self._request(message, self._output(on_shown), seconds)
                self._copy_back(args, shared, done)
                if "same" in done:
                    return args[int(done["same"])]
                return self._decode(done["value"])
            finally:
                arrays.clear()

    def _argument(self, index: int, value: Any, shared: dict[int, int]) -> bytes:
        arrays = self._arrays
        assert arrays is not None  # noqa: S101 - set with the process

        def share(array: np.ndarray[Any, Any]) -> int | None:
            place = arrays.share(array)
            if place is not None and isinstance(value, np.ndarray):
                shared[index] = place
            return place

        return encode(value, share=share, owner=self._process)

    def _copy_back(self, args: Sequence[Any], shared: Mapping[int, int], done: Mapping[str, Any]) -> None:
        arrays = self._arrays
        assert arrays is not None  # noqa: S101 - set with the process
        for index, data in done.get("changed") or ():
            target = args[index]
            if not isinstance(target, np.ndarray):
                continue
            if not target.flags.writeable:
                raise SettingError(
                    f"the function changed argument {index + 1}, a read-only array",
                    remedy="pass a copy: array.copy()",
                )
            if data is None:
                arrays.read_back(shared[index], target)
            else:
                target[...] = self._decode(data)

    def set(self, **variables: Any) -> None:
        """Define Julia variables."""
        with self._lock:
            process = self._started()
            assert self._arrays is not None  # noqa: S101 - set with the process
            try:
                values = [encode(v, share=self._arrays.share, owner=process) for v in variables.values()]
                message = {"type": "set", "names": list(variables), "values": values}
                self._request(message, self._output(None))
            finally:
                self._arrays.clear()

    def get(self, variable: str) -> Any:
        """The value of a Julia variable. Raises ``JuliaError`` when there is none."""
        with self._lock:
            self._started()
            done = self._request({"type": "get", "variable": variable}, self._output(None))
            return self._decode(done["value"])

    # ------------------------------------------------------------ help

    def documentation(self, variable: str) -> str:
        """The docstrings of something a cell defined, as Markdown; empty without any."""
        with self._lock:
            self._started()
            done = self._request({"type": "doc", "variable": variable}, self._output(None))
            return str(done["text"])

    def completions(self, code: str, position: int) -> tuple[list[str], int, int]:
        """What Julia's REPL would complete at ``position`` (in characters): texts, and the characters
        from start to end that each replaces."""
        before = len(code[:position].encode())
        with self._lock:
            self._started()
            message = {"type": "complete", "code": code, "position": before}
            done = self._request(message, self._output(None))
        data = code.encode()
        start, stop = (len(data[: int(done[k])].decode(errors="ignore")) for k in ("start", "stop"))
        return [str(text) for text in done["matches"]], start, stop

    # ------------------------------------------------------------ life

    @property
    def started(self) -> bool:
        """Whether a Julia process runs."""
        return self._process is not None and self._process.alive()

    @property
    def sandbox(self) -> str:
        """The sandbox it runs in; empty before it has started."""
        return self._process.sandbox if self._process is not None else ""

    def interrupt(self) -> bool:
        """Stop the cell or call that runs, within a second; false when nothing runs. From any thread."""
        process = self._process
        return process.stop() if process is not None else False

    def close(self) -> None:
        """End the process. Safe to call again, and while a cell runs."""
        self._closed = True
        starting, process = self._starting, self._process
        if starting is not None:
            starting.end()
        if process is not None:
            process.kill()
        with self._lock:
            self._drop()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if self._process is not None:
            with contextlib.suppress(Exception):  # the interpreter may be half gone
                self._drop()

    def _started(self) -> SessionProcess:
        starting = self._starting = Starting()  # from here on, close() ends the start
        try:
            if self._closed:
                raise WorkerError("the Julia session is closed", remedy="open a new one")
            if self._process is None or not self._process.alive():
                self._process = self._start(starting)
            return self._process
        finally:
            self._starting = None

    def _start(self, starting: Starting) -> SessionProcess:
        self._drop()
        folder = scratch_folder()
        self._arrays = SharedArrays(folder)
        try:
            process = start_session(self.toolchain, self.limits, self._sandbox, folder, starting)
        except BaseException as error:
            self._drop()  # the windows' descriptors must be closed once only
            if isinstance(error, WorkerError) and starting.ended:
                raise Cancelled("the Julia session was closed") from None
            raise
        self.starts += 1
        want_image(self.toolchain)
        return process

    def _drop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.close()
        if self._arrays is not None:
            self._arrays.close()
            self._arrays = None
        self._forgotten = []

    # ------------------------------------------------------------ requests

    def _output(self, on_shown: OnShown | None) -> OutputReader:
        return OutputReader("", max(OUTPUT_BYTES, self.limits.output_bytes), on_shown)

    def _decode(self, data: bytes) -> Any:
        assert self._arrays is not None  # noqa: S101 - set with the process
        return decode(data, fetch=self._arrays.fetch, owner=self._process, forget=self._forgotten.append)

    def _request(
        self, message: Mapping[str, Any], output: OutputReader, seconds: float | None = None
    ) -> dict[str, Any]:
        process = self._process
        assert process is not None  # noqa: S101 - `_started` comes first
        forget, self._forgotten = self._forgotten, []
        try:
            done = self._patiently(process, {**message, "forget": forget}, output, seconds)
        except ProcessEndedError as error:
            stopped = process.stopped()
            self._drop()
            if self._closed:
                raise Cancelled("the Julia session was closed") from None
            if stopped:
                late = f"took longer than {seconds:g} s and " if process.late else ""
                raise Cancelled(
                    f"the cell {late}did not react to the stop, so its Julia was ended", remedy=STATE_LOST
                ) from None
            raise self._ended(error.code) from None
        stopped = process.stopped()
        if stopped:
            process.request({"type": "quiet"}, self._output(None), 5.0)
        fault = done.get("error")
        if fault is not None:
            if stopped and fault.get("type") == "InterruptException":
                late = f" after {seconds:g} s, its time limit" if process.late else ""
                raise Cancelled(f"the cell was stopped{late}; the session and its variables live on")
            raise julia_error(fault)
        return done

    def _patiently(
        self,
        process: SessionProcess,
        message: Mapping[str, Any],
        output: OutputReader,
        seconds: float | None,
    ) -> dict[str, Any]:
        """A request in a thread of its own when this is the main thread, which Ctrl-C can then leave."""
        if threading.current_thread() is not threading.main_thread():
            return process.request(message, output, seconds)
        outcome: list[dict[str, Any] | BaseException] = []
        ended = threading.Event()

        def work() -> None:
            try:
                outcome.append(process.request(message, output, seconds))
            except BaseException as error:  # handed to the caller
                outcome.append(error)
            finally:
                ended.set()

        threading.Thread(target=work, name="julia-aot-session", daemon=True).start()
        # Not `join`: interrupted, it can take a thread for ended that runs on.
        while not ended.is_set():
            try:
                ended.wait()
            except KeyboardInterrupt:
                process.stop()
        if isinstance(outcome[0], BaseException):
            raise outcome[0]
        return outcome[0]

    def _ended(self, code: int | None) -> JuliaError:
        if code is not None and code >= 0:
            what = f"the program ended its process (exit code {code})"
        else:
            memory = self.limits.memory_bytes >> 20
            what = f"the process was ended by signal {-(code or 0)}; it may use {memory} MiB of memory"
        return JuliaError(what, julia_type="ProcessExited", remedy=STATE_LOST)


def julia_error(fault: Mapping[str, Any]) -> JuliaError:
    """The Python form of an exception that a worker reported."""
    line = fault.get("line")
    return JuliaError(
        str(fault.get("message")),
        julia_type=str(fault.get("type")),
        line=line if isinstance(line, int) and line > 0 else None,
        backtrace=tuple(str(frame) for frame in fault.get("backtrace") or ()),
    )
