"""Run a helper program to its end: bounded output, timeout, and a stop that leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from jupyter_julia_aot.errors import Cancelled

POLL_SECONDS = 0.05
OUTPUT_BYTES = 4 << 20
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a program ended. Output beyond the limit is dropped from the middle, which the text says."""

    code: int
    """Exit code; negative: the signal that ended it."""
    stdout: str
    stderr: str
    seconds: float
    timed_out: bool = False

    @property
    def failure(self) -> str:
        """Why it failed, for a message: the last lines it printed, or how it ended."""
        lines = [line for line in (self.stderr or self.stdout).strip().splitlines() if line.strip()]
        ended = "it did not end in time" if self.timed_out else _ending(self.code)
        return f"{ended}: {' | '.join(lines[-3:])[-600:]}" if lines else ended


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def run(
    command: Sequence[str],
    *,
    cwd: Path | str | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    timeout: float | None = None,
    cancel: threading.Event | None = None,
    output_bytes: int = OUTPUT_BYTES,
    on_line: Callable[[str], None] | None = None,
) -> Finished:
    """Run ``command`` in a process group of its own; ``timeout`` in seconds.

    ``environment`` is the whole environment (``None``: this process's). Each stream keeps at most
    ``output_bytes``, half from its beginning and half from its end. ``on_line`` gets every line of
    both streams as it comes, from other threads.

    Raises :class:`Cancelled` when ``cancel`` was set, ``OSError`` when the program cannot be
    started. In every case nothing of the process group runs on.
    """
    began = time.monotonic()
    if cancel is not None and cancel.is_set():
        raise Cancelled(f"{Path(command[0]).name} was not started")
    watcher = _watcher()
    try:
        process = subprocess.Popen(
            list(command),
            cwd=cwd,
            env=None if environment is None else dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        _watch(watcher, process.pid)
    except BaseException:
        _dismiss(watcher)
        raise
    streams = [_Stream(pipe, output_bytes, on_line) for pipe in (process.stdout, process.stderr) if pipe]
    feeder = threading.Thread(target=_feed, args=(process.stdin, stdin), daemon=True)
    feeder.start()
    timed_out = False
    try:
        while True:
            try:
                process.wait(POLL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                pass
            if cancel is not None and cancel.is_set():
                raise Cancelled(f"{Path(command[0]).name} was stopped")
            if timeout is not None and time.monotonic() - began > timeout:
                timed_out = True
                break
    finally:
        _kill_group(process)
        _dismiss(watcher)
        for stream in streams:
            stream.close()
        feeder.join(1)
    stdout, stderr = (stream.text() for stream in streams)
    seconds = time.monotonic() - began
    return Finished(
        code=process.returncode, stdout=stdout, stderr=stderr, seconds=seconds, timed_out=timed_out
    )


def _watcher() -> subprocess.Popen[bytes]:
    """A shell that kills the process group it is told when our end of its input closes: when we are killed.

    Nobody else could end a compiler's children then; PR_SET_PDEATHSIG would reach only the first. It is
    started before the program, so that no time is left in which the program has no watcher.
    """
    return subprocess.Popen(
        ["sh", "-c", 'read -r group || exit 0; read -r _; kill -9 -"$group"'],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _watch(watcher: subprocess.Popen[bytes], group: int) -> None:
    assert watcher.stdin is not None  # noqa: S101 - opened with PIPE
    watcher.stdin.write(f"{group}\n".encode())
    watcher.stdin.flush()


def _dismiss(watcher: subprocess.Popen[bytes]) -> None:
    watcher.kill()
    watcher.wait()
    if watcher.stdin is not None:
        watcher.stdin.close()


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    # Also after a normal end: what the program left in the background has no business to run on.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _feed(pipe: IO[bytes] | None, data: bytes) -> None:
    assert pipe is not None  # noqa: S101 - opened with PIPE
    with contextlib.suppress(OSError):  # the program need not read its input
        pipe.write(data)
    with contextlib.suppress(OSError):
        pipe.close()


class _Stream:
    """One output stream: read to its end by a thread, kept within a limit."""

    def __init__(self, pipe: IO[bytes], limit: int, on_line: Callable[[str], None] | None) -> None:
        self._pipe = pipe
        self._half = max(limit // 2, 1)
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self._dropped = 0
        self._on_line = on_line
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        rest = b""
        with contextlib.suppress(OSError, ValueError):  # closed under us after a kill
            while chunk := os.read(self._pipe.fileno(), _CHUNK):
                self._keep(chunk)
                if self._on_line is not None:
                    *lines, rest = (rest + chunk).split(b"\n")
                    rest = rest[-_CHUNK:]
                    for line in lines:
                        self._on_line(line.decode(errors="replace").rstrip("\r"))
        if rest and self._on_line is not None:
            self._on_line(rest.decode(errors="replace"))

    def _keep(self, chunk: bytes) -> None:
        room = self._half - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        if chunk:
            self._tail.append(chunk)
            self._tail_bytes += len(chunk)
        while self._tail and self._tail_bytes - len(self._tail[0]) >= self._half:
            oldest = self._tail.popleft()
            self._tail_bytes -= len(oldest)
            self._dropped += len(oldest)

    def close(self) -> None:
        # A process that left the group may hold the pipe open: do not wait for it forever.
        self._thread.join(2)
        self._pipe.close()

    def text(self) -> str:
        tail = b"".join(self._tail)
        dropped = self._dropped
        if len(tail) > self._half:
            dropped += len(tail) - self._half
            tail = tail[-self._half :]
        head = bytes(self._head).decode(errors="replace")
        if not dropped:
            return head + tail.decode(errors="replace")
        return f"{head}\n… {dropped} bytes left out …\n{tail.decode(errors='replace')}"
