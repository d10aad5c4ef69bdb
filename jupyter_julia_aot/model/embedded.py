"""The embedded server, seen from the notebook: started on demand, stopped when idle.

One server per Python process. It ends with that process (closed pipe), after ``idle_seconds``
without a request, or on :meth:`EmbeddedServer.stop`. A crash costs the request in flight; the next
one starts a new server.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import secrets
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from jupyter_julia_aot.errors import Cancelled, ModelError
from jupyter_julia_aot.model.embedded_server import Launch
from jupyter_julia_aot.model.weights import MODEL_NAME, Progress, install_model

_START_SECONDS = 120.0
_POLL_SECONDS = 0.1
_DYING_SECONDS = 0.5
_MOST_THREADS = 8
"""Decoding is bound by memory bandwidth; more threads than this only take cores from Julia."""


def embedded_reason() -> str:
    """Why the embedded model cannot be used here; empty when it can (its file may yet be missing)."""
    if importlib.util.find_spec("xllamacpp") is None:
        return "the package xllamacpp is not installed (pip install 'jupyter_julia_aot[local]')"
    return ""


def thread_count() -> int:
    """Threads for the model: all usable cores but one, at most eight, so that Julia is not starved."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return max(1, min(cores - 1, _MOST_THREADS))


class EmbeddedServer:
    """A llama.cpp server in a child process, for one GGUF file (default: the embedded model)."""

    def __init__(
        self,
        path: Path | None = None,
        *,
        idle_seconds: float = 300.0,
        slots: int = 8,
        port: int = 0,
        key: str | None = None,
    ) -> None:
        """``port`` 0 takes a free one; ``key`` ``None`` makes one up, ``""`` asks for none."""
        self.path = path
        self.alias = MODEL_NAME if path is None else path.stem
        self.idle_seconds = idle_seconds
        self.slots = slots
        self.context = 8192
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._wanted_port = port
        self._wanted_key = key
        self._key = ""
        self._port = 0
        self._users = 0
        self._timer: threading.Timer | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @contextmanager
    def use(self, progress: Progress | None = None) -> Iterator[tuple[str, str]]:
        """``(base_url, api_key)`` of the running server, which is started first if need be.

        Raises :class:`ModelError` when it cannot start.
        """
        with self._lock:
            self._cancel_timer()
            if self.pid is None:
                self._start(progress or (lambda message, fraction: None))
            self._users += 1
            address = f"http://127.0.0.1:{self._port}/v1", self._key
        try:
            yield address
        finally:
            with self._lock:
                self._users -= 1
                if self._users == 0 and self.pid is not None:
                    self._cancel_timer()
                    self._timer = threading.Timer(self.idle_seconds, self._stop_idle)
                    self._timer.daemon = True
                    self._timer.start()

    def stop(self) -> None:
        """End the process now, or its start or download. Safe to call at any time, also twice."""
        self._stopping.set()
        with self._lock:
            self._stopping.clear()
            self._end()

    def stop_unused(self) -> None:
        """End the process unless somebody uses it, or its start, which nobody waits for any more."""
        if self._users:
            return
        self._stopping.set()
        with self._lock:
            self._stopping.clear()
            if not self._users:
                self._end()

    def _end(self) -> None:
        with self._lock:
            self._cancel_timer()
            process, self._process = self._process, None
            if process is not None:
                if process.stdin is not None:
                    with contextlib.suppress(OSError):  # it may be gone already
                        process.stdin.close()
                try:
                    process.wait(timeout=2)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                if process.stdout is not None:
                    process.stdout.close()
            if self._log is not None:
                self._log.close()
                self._log = None

    def obituary(self) -> str:
        """How the process ended, with its last words; empty while it lives or was never started.

        Asked when a connection broke: a process that is just dying is given a moment to be dead.
        """
        process = self._process
        if process is None:
            return ""
        try:
            code = process.wait(timeout=_DYING_SECONDS)
        except subprocess.TimeoutExpired:
            return ""
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        last = self._last_words()
        return f"the embedded model's process {how}" + (f": {last}" if last else "")

    def _stop_idle(self) -> None:
        with self._lock:
            if self._users == 0:
                self._end()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self, progress: Progress) -> None:
        reason = embedded_reason()
        if reason:
            raise ModelError(
                f"no model server was found, and {reason}",
                remedy="pip install 'jupyter_julia_aot[local]', or set base_url to a server of yours",
            )
        self._end()
        path = self.path or install_model(progress, self._stopping)
        if not path.is_file():
            raise ModelError(f"there is no model file {path}", remedy="correct the setting `model`")
        progress(f"starting the embedded model {self.alias}", None)
        self._key = secrets.token_hex(16) if self._wanted_key is None else self._wanted_key
        launch = Launch(
            path=str(path), alias=self.alias, key=self._key, threads=thread_count(), slots=self.slots,
            context=self.context, port=self._wanted_port,
        )  # fmt: skip
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "jupyter_julia_aot.model.embedded_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            # Its own session: the notebook's interrupt (SIGINT to the group) is not meant for it.
            start_new_session=True,
        )
        self._process = process
        if process.stdin is None or process.stdout is None:
            raise ModelError("the embedded model's process has no pipes")
        try:
            with contextlib.suppress(BrokenPipeError):  # it died at once: _await_port says why
                process.stdin.write(launch.line().encode())
                process.stdin.flush()
            self._port = self._await_port(process.stdout)
        except BaseException:  # an interrupt, too, must not leave one that is half started
            process.kill()  # while it loads the model, it does not notice that its input is closed
            self._end()
            raise
        progress("the embedded model is ready", 1.0)

    def _await_port(self, stdout: IO[bytes]) -> int:
        """Read the child's report; it comes when the model is loaded."""
        deadline = time.monotonic() + _START_SECONDS
        received = b""
        while not received.endswith(b"\n"):
            readable, _, _ = select.select([stdout], [], [], _POLL_SECONDS)
            block = os.read(stdout.fileno(), 4096) if readable else b""
            if self._stopping.is_set():
                raise Cancelled("the start of the embedded model was stopped")
            if not block and (readable or time.monotonic() > deadline):
                raise self._failed(bool(readable))
            received += block
        try:
            return int(json.loads(received.splitlines()[-1])["port"])
        except (ValueError, KeyError, TypeError) as error:
            raise self._failed(True) from error

    def _failed(self, ended: bool) -> ModelError:
        if ended and self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):  # then it is killed just below
                self._process.wait(timeout=2)
        said = self.obituary() or f"it was not ready after {_START_SECONDS:.0f} s"
        return ModelError(
            f"the embedded model {self.alias} did not start: {said}",
            remedy="free memory (it needs 0.5 GB), reinstall xllamacpp, or set base_url to a server of yours",
        )

    def _last_words(self) -> str:
        if self._log is None or self._log.closed:
            return ""
        self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, self._log.tell() - 4000))
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1][:300] if lines else ""
