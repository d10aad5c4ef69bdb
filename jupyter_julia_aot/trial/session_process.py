"""The process of a session: start, one request at a time with its output, stop, end.

The messages, all frames of ``protocol.py`` (``julia/session.jl`` is the other side)::

    worker → us   hello
    us → worker   init      {folder, shared_bytes, token, filter}
    us → worker   run       {id, code, name, show}            a cell
                  define    {id, module, code, name, function}
                  call      {id, function, arguments, keywords, shared, resizable}
                  set       {id, names, values} · value {id, value} · get {id, variable}
                  doc       {id, variable} · complete {id, code, position} · quiet {id}
                  each may carry `forget`, the numbers of handles that nobody holds any more
    worker → us   display   {number, bundle}                  before its mark in the output pipe
    worker → us   done      {id, error | value | later | bundle | changed | same | text | matches …}

Values are bytes in the format of ``values.py``.
"""

from __future__ import annotations

import os
import secrets
import select
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_julia_aot.errors import WorkerError
from jupyter_julia_aot.records import Limits, Toolchain
from jupyter_julia_aot.trial.confined import ConfinedProcess
from jupyter_julia_aot.trial.filter import session_program
from jupyter_julia_aot.trial.image import JULIA_SOURCES, distrust, ready_image
from jupyter_julia_aot.trial.protocol import (
    Channel,
    ChannelClosedError,
    ChannelTimeoutError,
    ProtocolError,
    check_hello,
)
from jupyter_julia_aot.trial.sandbox import SandboxName, launch
from jupyter_julia_aot.trial.session_output import OutputReader
from jupyter_julia_aot.trial.shared_arrays import SHARED_BYTES
from jupyter_julia_aot.trial.starting import Starting

START_SECONDS = 120.0
STOP_SECONDS = 1.0
"""A cell that has not stopped so long after the first signal is killed, and the session with it."""
# Julia throws at the next safe point after one signal, and at once, wherever it is, after five or so within a
# second (`jl_check_force_sigint`): that also stops loops without a safe point.
_SIGNAL_EVERY = 0.08
_MOMENT = 0.001


class ProcessEndedError(WorkerError):
    """The worker's process is gone; ``code`` is its exit code (negative: a signal)."""

    def __init__(self, message: str, code: int | None) -> None:
        super().__init__(message)
        self.code = code


def start_session(
    toolchain: Toolchain, limits: Limits, sandbox: SandboxName, folder: Path, starting: Starting
) -> SessionProcess:
    """A session's process from the worker image when there is one; should that fail, one without.

    Raises ``SandboxError`` or ``WorkerError`` when none comes up, as after ``starting.end()``.
    """
    image = ready_image(toolchain)
    if image is None:
        return SessionProcess(toolchain, limits, sandbox, folder, starting)
    try:
        return SessionProcess(toolchain, limits, sandbox, folder, starting, image)
    except WorkerError as error:
        if starting.ended:
            raise  # which says nothing about the image
        process = SessionProcess(toolchain, limits, sandbox, folder, starting)
        distrust(image, f"a session did not start with it: {error.message}")
        return process


class SessionProcess:
    """One running worker. Requests come from one thread at a time; :meth:`stop` and :meth:`kill` from any."""

    def __init__(
        self,
        toolchain: Toolchain,
        limits: Limits,
        sandbox: SandboxName,
        folder: Path,
        starting: Starting,
        image: Path | None = None,
    ) -> None:
        self._token = secrets.token_hex(8)
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._stop_asked = threading.Event()
        self.late = False
        """Whether the last request was stopped because its time was over."""
        self._busy = False
        self._closed = False
        self._next = 0
        home = folder / "home"
        home.mkdir(exist_ok=True)
        self.process = _launch(toolchain, limits, sandbox, folder, image)
        try:
            self._channel = Channel(self.process.stdout.fileno(), self.process.stdin.fileno())
            os.set_blocking(self.process.stderr.fileno(), False)
            starting.began(self.process)
            hello = check_hello(self._receive_hello(), "session")
            self._pid = self._find_pid(hello.get("pid"))
            self._channel.send(
                {
                    "type": "init",
                    "folder": str(folder),
                    "shared_bytes": SHARED_BYTES,
                    "token": self._token,
                    "filter": session_program() if self.sandbox != "none" else b"",
                }
            )
        except WorkerError as error:
            said = self.process.stderr.read(4000) or b""
            self.close()
            raise WorkerError(
                f"the Julia session did not start: {error}\n{said.decode(errors='replace').strip()}".strip(),
                remedy="`jupyter julia-aot doctor` checks the Julia installation",
            ) from error
        except BaseException:  # Ctrl-C while it starts: nobody would own the process
            self.close()
            raise

    def _receive_hello(self) -> Any:
        return self._channel.receive(START_SECONDS)

    @property
    def sandbox(self) -> str:
        """Name of the sandbox it runs in."""
        return self.process.sandbox

    def alive(self) -> bool:
        """Whether it can take requests."""
        return not self._closed and self.process.poll() is None

    # ------------------------------------------------------------ requests

    def request(
        self, message: Mapping[str, Any], output: OutputReader, seconds: float | None = None
    ) -> dict[str, Any]:
        """Send a request and wait for its end; what it shows goes to ``output``.

        After ``seconds`` of wall clock it is stopped. Raises ``ProcessEndedError`` when the process is gone;
        ``stopped()`` tells whether it was stopped before.
        """
        self._next += 1
        number = self._next
        output.token = self._token
        self._stop_asked.clear()
        self.late = False
        self._drain_wakes()
        self._busy = True
        try:
            self._channel.send({**message, "id": number})
            return self._await(number, output, seconds)
        except (ChannelClosedError, ProtocolError) as error:
            self.process.kill()
            code = self.process.wait(10)
            self._read_output(output)
            raise ProcessEndedError(str(error), code) from error
        finally:
            self._busy = False

    def _await(self, number: int, output: OutputReader, seconds: float | None) -> dict[str, Any]:
        watch = _Stopper(self, None if seconds is None else time.monotonic() + seconds)
        poller = select.poll()
        channel, pipe = self.process.stdout.fileno(), self.process.stderr.fileno()
        for fd in (channel, pipe, self._wake_read):
            poller.register(fd, select.POLLIN)
        done: dict[str, Any] | None = None
        end_by = 0.0
        while done is None or number not in output.ended:
            if done is not None and time.monotonic() > end_by:
                break  # the program closed or replaced its output: no end mark will come
            wait = watch.milliseconds()
            if done is not None:
                wait = 50.0 if wait is None else min(wait, 50.0)
            ready = {fd for fd, _ in poller.poll(wait)}
            # Read, then take messages, then interpret: a displayed value is sent before its mark is written.
            data = self._read_pipe() if pipe in ready else b""
            if done is None and (channel in ready or data):
                done = self._take_messages(number, output)
                if done is not None:
                    end_by = time.monotonic() + 0.5
                    poller.unregister(channel)
            if data:
                output.feed(data)
            elif pipe in ready and data is None:
                poller.unregister(pipe)
            if self._wake_read in ready:
                self._drain_wakes()
            watch.act()
        output.finish()
        return done

    def _take_messages(self, number: int, output: OutputReader) -> dict[str, Any] | None:
        """Take the messages that are there, up to the request's end, which is returned."""
        while True:
            try:
                message = self._channel.receive(_MOMENT)
            except ChannelTimeoutError:
                return None  # part of a message is kept for the next time
            if not isinstance(message, dict):
                raise ProtocolError("the worker sent no message")
            if message.get("type") == "display" and isinstance(message.get("bundle"), dict):
                output.displays[message.get("number", 0)] = message["bundle"]
            elif message.get("type") == "done" and message.get("id") == number:
                return message

    def _read_pipe(self) -> bytes | None:
        """What is in the output pipe now; ``None`` at its end."""
        try:
            return os.read(self.process.stderr.fileno(), 1 << 16) or None
        except BlockingIOError:
            return b""
        except OSError:
            return None

    def _read_output(self, output: OutputReader) -> None:
        """Read the rest, after the process has ended."""
        while data := self._read_pipe():
            output.feed(data)

    def _drain_wakes(self) -> None:
        try:
            while os.read(self._wake_read, 64):
                pass
        except BlockingIOError:
            return

    # ------------------------------------------------------------ stop and end

    def stop(self) -> bool:
        """Stop the request that runs. From any thread; false when none runs."""
        if not self._busy or self._closed:
            return False
        self._stop_asked.set()
        os.write(self._wake_write, b"!")
        return True

    def stopped(self) -> bool:
        """Whether the last request was asked to stop."""
        return self._stop_asked.is_set()

    def signal(self) -> None:
        """One SIGINT to Julia, and under most sandboxes to the programs it started."""
        if self.process.sandbox == "bubblewrap":
            if self._pid:
                os.kill(self._pid, signal.SIGINT)
        else:
            self.process.send_signal(signal.SIGINT)

    def _find_pid(self, inner: Any) -> int:
        """Julia's pid outside of the sandbox's own process namespace; 0 when it cannot be told."""
        if self.process.sandbox != "bubblewrap":
            return self.process.pid
        pids = [self.process.pid]
        for pid in pids:
            children = Path(f"/proc/{pid}/task/{pid}/children")
            pids += [int(child) for child in children.read_text().split()] if children.exists() else []
            status = Path(f"/proc/{pid}/status")
            text = status.read_text() if status.exists() else ""
            namespaces = next((line.split() for line in text.splitlines() if line.startswith("NSpid")), [])
            if len(namespaces) > 2 and namespaces[-1] == str(inner):
                return pid
        return 0

    def kill(self) -> None:
        """End the process and everything it started. From any thread."""
        self.process.kill()

    def close(self) -> None:
        """Kill it and free the pipes."""
        if not self._closed:
            self._closed = True
            self.process.close()
            os.close(self._wake_read)
            os.close(self._wake_write)


class _Stopper:
    """Signals, then kills, a request that was asked to stop or ran out of time."""

    def __init__(self, owner: SessionProcess, deadline: float | None) -> None:
        self._owner, self._deadline = owner, deadline
        self._first: float | None = None
        self._next = 0.0
        self._killed = False

    def milliseconds(self) -> float | None:
        """How long to wait at most before :meth:`act`."""
        now = time.monotonic()
        if self._first is not None:
            return max(self._next - now, 0.0) * 1000 + 1
        return None if self._deadline is None else max(self._deadline - now, 0.0) * 1000 + 1

    def act(self) -> None:
        now = time.monotonic()
        if self._deadline is not None and now >= self._deadline and not self._owner.stopped():
            self._owner.late = True
            self._owner._stop_asked.set()
        if not self._owner.stopped() or self._killed or (self._first is not None and now < self._next):
            return
        if self._first is None:
            self._first = now
        if now - self._first >= STOP_SECONDS * 0.85:
            self._killed = True
            self._owner.kill()
        else:
            self._owner.signal()
        self._next = now + _SIGNAL_EVERY


def _launch(
    toolchain: Toolchain, limits: Limits, sandbox: SandboxName, folder: Path, image: Path | None
) -> ConfinedProcess:
    from jupyter_julia_aot.toolchain import julia_command

    prefix = toolchain.prefix or str(Path(toolchain.path).resolve().parents[1])
    share = Path(prefix) / "share" / "julia"
    # Not the environment of the notebook: it may hold keys.
    environment = {
        "LANG": "C.UTF-8",
        **toolchain.environment,
        "JULIA_DEPOT_PATH": f"{folder / 'home'}:{share}",
        "JULIA_LOAD_PATH": "@stdlib",
        "JULIA_PKG_OFFLINE": "true",
        "OPENBLAS_NUM_THREADS": "1",
    }
    threads = "--threads=1,0" if toolchain.version_tuple >= (1, 12, 0) else "--threads=1"
    options = ["--color=no", threads, *([f"--sysimage={image}"] if image else [])]
    command = julia_command(toolchain, *options, str(JULIA_SOURCES / "session_start.jl"))
    return launch(
        command,
        environment=environment,
        scratch=folder,
        readable=[prefix, toolchain.path, JULIA_SOURCES, *([image] if image else [])],
        limits=replace(limits, file_bytes=max(limits.file_bytes, limits.memory_bytes, 1 << 30)),
        sandbox=sandbox,
        change_modes=bool(session_program()),  # the filter sees to that, in a way that Julia can live with
    )
