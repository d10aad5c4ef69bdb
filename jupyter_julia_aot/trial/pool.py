"""A pool of trial workers: candidates in, verdicts out, whatever the candidates do."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from concurrent.futures import Future
from typing import Any, Literal

from jupyter_julia_aot.errors import Cancelled, WorkerError
from jupyter_julia_aot.records import Candidate, Limits, Oracle, Toolchain, Trial
from jupyter_julia_aot.trial.sandbox import SandboxName, choose_sandbox
from jupyter_julia_aot.trial.slot import Job, Slot, Speed

IDLE_SECONDS = 300.0
_NO_CANDIDATE = Candidate(id="", name="", code="", origin="user")


class TrialPool:
    """Judges candidates in confined Julia processes, several at once.

    ``workers``: how many at most; 0 means one per core. Nothing is started before the first candidate, and
    a worker that idles for ``idle_seconds`` stops. Every candidate gets a process of its own, forked from a
    warm worker, so that none can change another's verdict; where forking is unsafe, and with ``fork=False``,
    a process that was started ahead. Thread-safe.

    Trials raise ``OracleError`` (the oracle is unusable), ``SandboxError`` or ``WorkerError`` (the harness
    failed, after one retry), ``Cancelled``; everything a candidate does is a verdict instead.
    """

    def __init__(
        self,
        toolchain: Toolchain,
        *,
        limits: Limits | None = None,
        workers: int = 0,
        sandbox: SandboxName = "auto",
        idle_seconds: float = IDLE_SECONDS,
        fork: bool = True,
    ) -> None:
        self.toolchain = toolchain
        self.limits = limits or Limits()
        self.workers = workers or os.cpu_count() or 1
        self.sandbox: SandboxName = sandbox
        self.fork = fork
        self._idle_seconds = idle_seconds
        self._condition = threading.Condition()
        self._queue: deque[Job] = deque()
        self._slots: list[Slot] = []
        self._closed = False

    # ------------------------------------------------------------ use

    def submit(self, candidate: Candidate, oracle: Oracle) -> Future[Trial]:
        """Queue a trial. The future gives the :class:`Trial`, or one of the errors named above."""
        return self._submit(Job(candidate, oracle))

    def run(self, candidate: Candidate, oracle: Oracle) -> Trial:
        """One trial, waited for."""
        return self.submit(candidate, oracle).result()

    def count_checks(self, oracle: Oracle) -> int:
        """How many checks a Julia oracle contains. Raises ``OracleError`` when it is unusable."""
        result: int = self._submit(Job(_NO_CANDIDATE, oracle, "count")).result()
        return result

    def benchmark(self, candidate: Candidate, call: str) -> Speed:
        """How fast ``call`` (Julia code using the candidate, such as ``"f(1:1000)"``) runs once compiled.

        The arguments are evaluated once, before. Default optimisation, after a warm-up, repeated until the
        spread is small or half the time limit is over. Meant for ranking candidates that have passed: a
        dishonest one could report anything. Raises ``WorkerError`` with the candidate's fault when the call
        cannot be measured.
        """
        oracle = Oracle(source=call, name="call")
        result: Speed = self._submit(Job(candidate, oracle, "measure")).result()
        return result

    def _submit(self, job: Job) -> Future[Any]:
        choose_sandbox(self.sandbox)
        with self._condition:
            if self._closed:
                raise WorkerError("the trial pool is closed")
            self._queue.append(job)
            idle = sum(slot.idle for slot in self._slots)
            if len(self._queue) > idle and len(self._slots) < self.workers:
                slot = Slot(self)
                self._slots.append(slot)
                slot.start()
            self._condition.notify()
        return job.future

    def cancel_all(self) -> None:
        """Cancel what waits and end what runs; the pool stays usable. Their futures raise ``Cancelled``."""
        with self._condition:
            waiting = list(self._queue)
            self._queue.clear()
            slots = list(self._slots)
        for job in waiting:
            if job.future.set_running_or_notify_cancel():
                job.future.set_exception(Cancelled("the trial was cancelled"))
        for slot in slots:
            slot.cancel()

    def close(self) -> None:
        """Cancel everything and stop the workers. Safe to call twice."""
        with self._condition:
            self._closed = True
            slots = list(self._slots)
            self._condition.notify_all()
        self.cancel_all()
        for slot in slots:
            slot.join()

    def __enter__(self) -> TrialPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def worker_pids(self) -> tuple[int, ...]:
        """Process ids of the workers that are up."""
        with self._condition:
            return tuple(slot.worker.process.pid for slot in self._slots if slot.worker is not None)

    # ------------------------------------------------------------ for slots

    def is_waiting(self, language: Literal["julia", "python"]) -> bool:
        """Whether a trial by an oracle in that language waits for a slot."""
        with self._condition:
            return any(job.oracle.language == language for job in self._queue)

    def next_job(self, slot: Slot) -> Job | None:
        """The next job; ``None`` when the slot is to end. Waits up to the idle time."""
        with self._condition:
            slot.idle = True
            deadline = time.monotonic() + self._idle_seconds
            while not self._queue and not self._closed:
                left = deadline - time.monotonic()
                if left <= 0 or not self._condition.wait(left):
                    break
            slot.idle = False
            if self._queue and not self._closed:
                job = self._queue.popleft()
                slot.took(job)  # under this lock: from now on it is the slot that cancels it
                return job
            self._slots.remove(slot)
            return None
