"""One trial worker: a warm Julia in a sandbox that forks a child per candidate.

The messages, all frames of ``protocol.py`` (``julia/zygote.jl`` is the other side)::

    worker → us   hello
    us → worker   init     {filter, work, readable, output_bytes, proven, forks}
    worker → us   ready    {forks, warm_seconds, landlock, image, code_files}
    us → worker   trial    {id, seconds, memory_bytes, file_bytes}
    us → worker   candidate {code, name, jit, task}   read by the trial's process, never by the worker
    worker → us   loaded   {id}                 the candidate is loaded: the oracle may come
    us → worker   oracle   {source}             read by the trial's process, never by the worker
    us → worker   cancel   {}                   at any time during a trial
    worker → us   verdict  {id, killed, status, loaded, printed, peak_bytes, reported, …}
    worker → us   the report of the trial's process (when reported), then what it printed, as bytes
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_julia_aot.errors import WorkerError
from jupyter_julia_aot.records import Limits, Toolchain
from jupyter_julia_aot.trial.confined import ConfinedProcess
from jupyter_julia_aot.trial.filter import seccomp_program
from jupyter_julia_aot.trial.image import JULIA_SOURCES, distrust, note_proof, proven, ready_image
from jupyter_julia_aot.trial.protocol import (
    Channel,
    ChannelClosedError,
    ChannelTimeoutError,
    ProtocolError,
    check_hello,
)
from jupyter_julia_aot.trial.sandbox import SYSTEM_FILES, SYSTEM_TREES, SandboxName, launch
from jupyter_julia_aot.trial.starting import Starting

START_SECONDS = 600.0
"""Longest start of a worker, its warm-up included."""
GRACE_SECONDS = 90.0
"""How long after a trial's own limit the worker may take to answer before it is given up."""


class ForkUnsafeError(WorkerError):
    """This Julia cannot be forked once it is warm: its children would share machine code."""


def start_worker(
    toolchain: Toolchain,
    limits: Limits,
    sandbox: SandboxName = "auto",
    fork: bool = True,
    starting: Starting | None = None,
) -> Worker:
    """A worker from the worker image when there is one; should that fail, one without it, for good.

    Where forking turns out to be unsafe, or with ``fork=False``, the worker starts a process for each trial
    ahead instead. Raises ``SandboxError`` or ``WorkerError`` when none comes up, as after ``starting.end()``.
    """
    starting = starting or Starting()
    image = ready_image(toolchain)
    if image is None:
        return _forking_or_not(toolchain, limits, sandbox, None, fork, starting)
    try:
        return _forking_or_not(toolchain, limits, sandbox, image, fork, starting)
    except WorkerError as error:
        if starting.ended:
            raise  # which says nothing about the image
        worker = _forking_or_not(toolchain, limits, sandbox, None, fork, starting)
        distrust(image, f"a worker did not start with it: {error.message}")
        return worker


_unforkable: set[str] = set()


def _forking_or_not(
    toolchain: Toolchain,
    limits: Limits,
    sandbox: SandboxName,
    image: Path | None,
    fork: bool,
    starting: Starting,
) -> Worker:
    if fork and toolchain.path not in _unforkable:
        try:
            return Worker(toolchain, limits, sandbox, image, starting=starting)
        except ForkUnsafeError:
            _unforkable.add(toolchain.path)
    return Worker(toolchain, limits, sandbox, image, fork=False, starting=starting)


class Worker:
    """A running worker. Not thread-safe but for :meth:`cancel` and :meth:`kill`.

    ``image``: the worker image to start from. Raises ``SandboxError`` or ``WorkerError`` when it does not
    come up.
    """

    def __init__(
        self,
        toolchain: Toolchain,
        limits: Limits,
        sandbox: SandboxName = "auto",
        image: Path | None = None,
        *,
        fork: bool = True,
        starting: Starting | None = None,
    ) -> None:
        self.toolchain = toolchain
        self.forks = fork
        self.limits = limits
        self.warm: Mapping[str, Any] = {}
        self._image = image
        self._root = Path(tempfile.mkdtemp(prefix="julia-aot-trial-"))
        self._lock = threading.Lock()
        self._cancelled = False
        self._in_trial = False
        self._next = 0
        self._stderr = bytearray()
        work = self._root / "work"
        work.mkdir()
        try:
            self.process = self._launch(sandbox)
        except BaseException:
            shutil.rmtree(self._root, ignore_errors=True)
            raise
        if starting is not None:
            starting.began(self.process)
        self._drainer = threading.Thread(target=self._drain, name="julia-aot-stderr", daemon=True)
        self._drainer.start()
        self._channel = Channel(self.process.stdout.fileno(), self.process.stdin.fileno())
        try:
            self._greet(work)
        except ForkUnsafeError:
            self.close()
            raise
        except (ProtocolError, ChannelClosedError, ChannelTimeoutError) as error:
            self.close()
            raise WorkerError(
                f"the Julia worker did not start: {error}{self._said()}",
                remedy="`jupyter julia-aot doctor` checks the Julia installation",
            ) from error

    @property
    def served(self) -> int:
        """How many trials it has run."""
        return self._next

    @property
    def sandbox(self) -> str:
        """Name of the sandbox it runs in."""
        return self.process.sandbox

    def _launch(self, sandbox: SandboxName) -> ConfinedProcess:
        from jupyter_julia_aot.toolchain import julia_command

        home = self._root / "home"
        home.mkdir()
        share = Path(self.toolchain.prefix or Path(self.toolchain.path).parents[1]) / "share" / "julia"
        environment = {  # nothing of our own environment: it may hold secrets
            **self.toolchain.environment,
            "JULIA_DEPOT_PATH": f"{home}:{share}",
            "JULIA_LOAD_PATH": "@stdlib",
            "TMPDIR": str(self._root / "work"),  # the only folder a candidate may write in
            "JULIA_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
            "JULIA_PKG_OFFLINE": "true",
        }
        options = _options(self.toolchain)
        if self._image is not None:
            options.append(f"--sysimage={self._image}")
        command = julia_command(self.toolchain, *options, str(JULIA_SOURCES / "zygote.jl"))
        limits = replace(
            self.limits,
            memory_bytes=0,  # the worker itself holds each child to the limit
            file_bytes=max(self.limits.file_bytes, 1 << 30),  # Julia's own code memory counts as a file
        )
        return launch(
            command,
            environment=environment,
            scratch=self._root,
            readable=[self.toolchain.prefix, JULIA_SOURCES, *([self._image] if self._image else [])],
            limits=limits,
            sandbox=sandbox,
            change_modes=True,  # to empty the scratch folder whatever a candidate did to it
        )

    def _greet(self, work: Path) -> None:
        check_hello(self._channel.receive(START_SECONDS), "trial")
        readable = [*SYSTEM_TREES, *SYSTEM_FILES, self.toolchain.prefix]
        self._channel.send(
            {
                "type": "init",
                "filter": seccomp_program(),
                "work": str(work),
                "readable": [path for path in readable if path and Path(path).exists()],
                "output_bytes": self.limits.output_bytes,
                "proven": proven(self._image, self.sandbox),
                "forks": self.forks,
            }
        )
        self.warm = self._channel.receive(START_SECONDS)
        if self.warm.get("type") != "ready":
            raise ProtocolError("the worker did not say that it is ready")
        if self.forks and not self.warm.get("forks"):
            raise ForkUnsafeError("this Julia cannot be forked")
        if self._image is not None and self.forks:
            note_proof(self._image, self.sandbox)

    def _drain(self) -> None:
        # Keeps the worker's own complaints, and its pipe from filling up.
        with contextlib.suppress(OSError, ValueError):
            while data := self.process.stderr.read(1 << 14):
                self._stderr += data
                del self._stderr[:-8192]

    def _said(self) -> str:
        if self.process.poll() is not None:
            self._drainer.join(1)
        text = bytes(self._stderr).decode(errors="replace").strip()
        return f"\n{text}" if text else ""

    # ------------------------------------------------------------ trials

    def trial(self, job: Mapping[str, Any], oracle: str, seconds: float) -> Mapping[str, Any]:
        """Run one trial of ``seconds`` at most; the worker's ``verdict`` message.

        Raises ``WorkerError`` when the worker died or fell out of step; it must be closed then.
        """
        self._next += 1
        message = {
            "type": "trial",
            "id": self._next,
            "seconds": seconds,
            "memory_bytes": self.limits.memory_bytes,
            "file_bytes": self.limits.file_bytes,
        }
        try:
            with self._lock:
                self._cancelled, self._in_trial = False, True
                self._channel.send(message)
                self._channel.send({"type": "candidate", **job})
            return self._await_verdict(oracle, seconds)
        except (ProtocolError, ChannelClosedError, ChannelTimeoutError) as error:
            raise WorkerError(f"the Julia worker failed during a trial: {error}{self._said()}") from error
        finally:
            with self._lock:
                self._in_trial = False

    def _await_verdict(self, oracle: str, seconds: float) -> Mapping[str, Any]:
        while True:
            answer = self._channel.receive(seconds + GRACE_SECONDS)
            if not isinstance(answer, dict) or answer.get("id") != self._next:
                raise ProtocolError("the worker answered something else")
            if answer.get("type") == "verdict":
                report = self._channel.receive(GRACE_SECONDS) if answer.get("reported") else None
                output = self._channel.receive(GRACE_SECONDS)
                if not answer.get("in_step"):
                    raise ProtocolError("the worker's input was left half read")
                return {**answer, "report": report, "output": output}
            if answer.get("type") != "loaded":
                raise ProtocolError(f"unknown message {answer.get('type')!r}")
            with self._lock:
                if not self._cancelled:
                    self._channel.send({"type": "oracle", "source": oracle})

    def cancel(self) -> None:
        """End the trial that runs, if any; it then answers ``killed: cancelled``. From any thread."""
        with self._lock:
            if self._in_trial and not self._cancelled:
                self._cancelled = True
                with contextlib.suppress(ChannelClosedError):
                    self._channel.send({"type": "cancel"})

    def kill(self) -> None:
        """Kill the worker and its children at once. From any thread."""
        self.process.kill()

    def close(self) -> None:
        """Kill the worker and remove its folder."""
        self.process.close()
        self._drainer.join(5)
        shutil.rmtree(self._root, ignore_errors=True)


def _options(toolchain: Toolchain) -> list[str]:
    version = toolchain.version_tuple
    # Compiler options are set inside (warm.jl): here they would make Julia's own packages count as stale.
    options = [
        "--color=no",
        "--threads=1,0" if version >= (1, 12, 0) else "--threads=1",
    ]
    if version >= (1, 10, 0):
        options.append("--gcthreads=1")
    return options
