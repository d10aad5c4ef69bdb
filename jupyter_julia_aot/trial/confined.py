"""A running confined program: its pipes, its end, and the end of everything it started."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO, Literal

MARKER = "JULIA_AOT_CONFINED"
"""Environment variable that every confined process inherits, so that strays can be found and killed."""

Waiter = Callable[[], int]


def new_marker() -> str:
    """An unguessable value for :data:`MARKER`."""
    return secrets.token_hex(16)


class ConfinedProcess:
    """A program in a sandbox. ``stdin``, ``stdout`` and ``stderr`` are unbuffered binary pipes.

    ``pid`` is the process as this machine counts (under bubblewrap: bubblewrap itself). Use as a context
    manager, or call :meth:`close`; both kill whatever still runs.
    """

    def __init__(
        self,
        pid: int,
        streams: tuple[BinaryIO, BinaryIO, BinaryIO],
        waiter: Waiter,
        *,
        marker: str,
        sandbox: Literal["sandlock", "bubblewrap", "none"],
    ) -> None:
        self.pid = pid
        self.sandbox = sandbox
        self.stdin, self.stdout, self.stderr = streams
        self._marker = marker
        self._ended = threading.Event()
        self._code: int | None = None
        self._thread = threading.Thread(
            target=self._reap, args=(waiter,), name="julia-aot-reaper", daemon=True
        )
        self._thread.start()

    @classmethod
    def from_sandlock(cls, process: Any, *, marker: str) -> ConfinedProcess:
        """Take over a ``sandlock.Process`` with all three streams piped."""
        # sandlock closes its own stdin stream when waiting begins, so own duplicates.
        streams = tuple(
            os.fdopen(os.dup(stream.fileno()), mode, buffering=0)
            for stream, mode in ((process.stdin, "wb"), (process.stdout, "rb"), (process.stderr, "rb"))
        )
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()

        def wait() -> int:
            result = process.wait()
            return -int(result.signal) if result.signal > 0 else int(result.exit_code)

        return cls(process.pid, streams, wait, marker=marker, sandbox="sandlock")  # type: ignore[arg-type]

    def _reap(self, waiter: Waiter) -> None:
        try:
            self._code = waiter()
        except (OSError, RuntimeError):
            self._code = -1
        finally:
            self._ended.set()

    def poll(self) -> int | None:
        """The exit code (negative: the signal that ended it), or ``None`` while it runs."""
        return self._code if self._ended.is_set() else None

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end; seconds. Raises ``TimeoutError`` when it still runs after ``timeout``."""
        if not self._ended.wait(timeout):
            raise TimeoutError(f"process {self.pid} still runs after {timeout} s")
        assert self._code is not None  # noqa: S101 - set before the event
        return self._code

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the program's process group; nothing happens when it has ended."""
        if not self._ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def kill(self) -> None:
        """Kill the program and everything it started, wherever that moved; safe to call again."""
        if not self._ended.is_set():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        # A new pid can appear while the list is read: repeat until none carries the marker.
        while strays := marked_processes(self._marker):
            for pid in strays:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """Kill what still runs, wait for it, close the pipes."""
        self.kill()
        self._ended.wait(10)
        for stream in (self.stdin, self.stdout, self.stderr):
            with contextlib.suppress(OSError):
                stream.close()

    def __enter__(self) -> ConfinedProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def marked_processes(marker: str) -> list[int]:
    """Pids of live processes of ours whose environment carries the marker."""
    wanted = f"{MARKER}={marker}".encode()
    found = []
    processes = Path("/proc")
    for folder in processes.iterdir() if processes.is_dir() else ():
        if not folder.name.isdigit():
            continue
        try:
            # Empty for a zombie, so only what still runs is found.
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue  # ended meanwhile, or not ours
        if wanted in environment.split(b"\0"):
            found.append(int(folder.name))
    return found


class _Launcher(threading.Thread):
    """Starts processes from one thread that lives as long as the program.

    "Die with the parent" (``PR_SET_PDEATHSIG``, which both sandboxes use) means the parent *thread*: started
    from a pool's thread, a worker would be killed when that thread ends.
    """

    def __init__(self) -> None:
        super().__init__(name="julia-aot-launcher", daemon=True)
        self.jobs: SimpleQueue[tuple[Callable[[], None]]] = SimpleQueue()
        self.owner = os.getpid()

    def run(self) -> None:
        while True:
            self.jobs.get()[0]()


_launcher: _Launcher | None = None
_launcher_lock = threading.Lock()


def in_launcher(start: Callable[[], ConfinedProcess]) -> ConfinedProcess:
    """Start a process in the thread that lives on; raises what ``start`` raises.

    When Ctrl-C comes meanwhile, the process is ended: nobody would own it.
    """
    global _launcher
    with _launcher_lock:
        if _launcher is None or _launcher.owner != os.getpid():
            _launcher = _Launcher()
            _launcher.start()
    done = threading.Event()
    outcome: list[ConfinedProcess] = []
    fault: list[BaseException] = []

    def job() -> None:
        try:
            outcome.append(start())
        except BaseException as error:  # handed to the caller
            fault.append(error)
        finally:
            done.set()

    _launcher.jobs.put((job,))
    try:
        done.wait()
    except BaseException:
        done.wait()
        for process in outcome:
            process.close()
        raise
    if fault:
        raise fault[0]
    return outcome[0]


def spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    cwd: Path,
    marker: str,
    sandbox: Literal["bubblewrap", "none"],
) -> ConfinedProcess:
    """Start a command line in a session of its own, with pipes; it dies with this process."""
    variables = {**environment, MARKER: marker}
    line = list(command)
    if sandbox == "none" and (setpriv := shutil.which("setpriv")):
        line = [setpriv, "--pdeathsig", "KILL", "--", *line]

    def start() -> ConfinedProcess:
        process = subprocess.Popen(
            line,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=variables,
            cwd=cwd,
            bufsize=0,
            start_new_session=True,
        )
        streams: Any = (process.stdin, process.stdout, process.stderr)
        return ConfinedProcess(process.pid, streams, process.wait, marker=marker, sandbox=sandbox)

    return in_launcher(start)
