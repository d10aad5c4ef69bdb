"""A pool of trial workers: candidates in, verdicts out, whatever the candidates do."""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from jupyter_julia_aot.errors import Cancelled, SandboxError, WorkerError
from jupyter_julia_aot.records import Candidate, Limits, Oracle, Toolchain, Trial
from jupyter_julia_aot.trial.sandbox import SandboxName, choose_sandbox
from jupyter_julia_aot.trial.verdict import oracle_error, trial_from
from jupyter_julia_aot.trial.worker import Worker

if TYPE_CHECKING:
    from jupyter_julia_aot.trial.session import Session

IDLE_SECONDS = 300.0
_NO_CANDIDATE = Candidate(id="", name="", code="", origin="user")


@dataclass(slots=True)
class _Job:
    candidate: Candidate
    oracle: Oracle
    task: Literal["judge", "count", "measure"] = "judge"
    future: Future[Any] = field(default_factory=Future)
    cancelled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Seconds of one call (median of ``samples``), and the relative noise: half the middle half's width."""

    seconds: float
    noise: float
    samples: int


class TrialPool:
    """Judges candidates in confined Julia processes, several at once.

    ``workers``: how many at most; 0 means one per core. Nothing is started before the first candidate, and
    a worker that idles for ``idle_seconds`` stops. Every candidate gets a process of its own, forked from a
    warm worker, so that none can change another's verdict. Thread-safe.

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
    ) -> None:
        self.toolchain = toolchain
        self.limits = limits or Limits()
        self.workers = workers or os.cpu_count() or 1
        self.sandbox: SandboxName = sandbox
        self._idle_seconds = idle_seconds
        self._condition = threading.Condition()
        self._queue: deque[_Job] = deque()
        self._slots: list[_Slot] = []
        self._closed = False

    # ------------------------------------------------------------ use

    def submit(self, candidate: Candidate, oracle: Oracle) -> Future[Trial]:
        """Queue a trial. The future gives the :class:`Trial`, or one of the errors named above."""
        return self._submit(_Job(candidate, oracle))

    def run(self, candidate: Candidate, oracle: Oracle) -> Trial:
        """One trial, waited for."""
        return self.submit(candidate, oracle).result()

    def count_checks(self, oracle: Oracle) -> int:
        """How many checks a Julia oracle contains. Raises ``OracleError`` when it is unusable."""
        result: int = self._submit(_Job(_NO_CANDIDATE, oracle, "count")).result()
        return result

    def benchmark(self, candidate: Candidate, call: str) -> Speed:
        """How fast ``call`` (Julia code using the candidate, such as ``"f(1:1000)"``) runs once compiled.

        The arguments are evaluated once, before. Default optimisation, after a warm-up, repeated until the
        spread is small or half the time limit is over. Meant for ranking candidates that have passed: a
        dishonest one could report anything. Raises ``WorkerError`` with the candidate's fault when the call
        cannot be measured.
        """
        oracle = Oracle(source=call, name="call")
        result: Speed = self._submit(_Job(candidate, oracle, "measure")).result()
        return result

    def _submit(self, job: _Job) -> Future[Any]:
        choose_sandbox(self.sandbox)
        with self._condition:
            if self._closed:
                raise WorkerError("the trial pool is closed")
            self._queue.append(job)
            idle = sum(slot.idle for slot in self._slots)
            if len(self._queue) > idle and len(self._slots) < self.workers:
                slot = _Slot(self)
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

    def next_job(self, slot: _Slot) -> _Job | None:
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
                return self._queue.popleft()
            self._slots.remove(slot)
            return None


class _Slot(threading.Thread):
    """A thread that owns one worker at a time."""

    def __init__(self, pool: TrialPool) -> None:
        super().__init__(name="julia-aot-trials", daemon=True)
        self.pool = pool
        self.idle = False
        self.worker: Worker | None = None
        self._job: _Job | None = None
        self._session: Session | None = None
        self._lock = threading.Lock()

    def run(self) -> None:
        while (job := self.pool.next_job(self)) is not None:
            if job.future.set_running_or_notify_cancel():
                self._do(job)
        self._drop()

    def _do(self, job: _Job) -> None:
        with self._lock:
            self._job = job
        try:
            result = self._with_python(job) if job.oracle.language == "python" else self._with_retry(job)
        except BaseException as error:  # the future carries it to whoever waits
            job.future.set_exception(error)
        else:
            job.future.set_result(result)
        finally:
            with self._lock:
                self._job = None

    def cancel(self) -> None:
        """End the current job, from any thread."""
        with self._lock:
            if self._job is None:
                return
            self._job.cancelled = True
            worker, session = self.worker, self._session
        if worker is not None:
            worker.cancel()
        if session is not None:
            session.close()

    def _with_python(self, job: _Job) -> Trial:
        from jupyter_julia_aot.trial.python_oracle import judge_with_python

        def started(session: Session) -> None:
            with self._lock:
                self._session = session

        pool = self.pool
        try:
            trial = judge_with_python(
                job.candidate, job.oracle, pool.toolchain, pool.limits, pool.sandbox, started
            )
        except WorkerError:
            if job.cancelled:
                raise Cancelled("the trial was cancelled") from None
            raise
        finally:
            with self._lock:
                self._session = None
        if job.cancelled:
            raise Cancelled("the trial was cancelled")
        return trial

    def _with_retry(self, job: _Job) -> Any:
        """A trial during which the worker, or only its child, was killed from outside is tried once more."""
        start = time.monotonic()
        for last in (False, True):
            try:
                answer, jit = self._attempt(job)
                if _killed_from_outside(answer) and not last and not job.cancelled:
                    continue
                if job.cancelled or answer.get("killed") == "cancelled":
                    raise Cancelled("the trial was cancelled")
                if job.task == "count":
                    return _count(answer, job.oracle)
                if job.task == "measure":
                    return _speed(answer, job, self.pool.limits)
                return trial_from(
                    answer,
                    job.candidate,
                    job.oracle,
                    self.pool.limits,
                    jit=jit,
                    seconds=time.monotonic() - start,
                    sandbox=self.worker.sandbox if self.worker else "",
                    julia=self.pool.toolchain.version,
                )
            except WorkerError:
                self._drop()
                if job.cancelled:
                    raise Cancelled("the trial was cancelled") from None
                if last:
                    raise
            except SandboxError:
                self._drop()
                raise
        raise AssertionError("unreachable")

    def _attempt(self, job: _Job) -> tuple[Mapping[str, Any], bool]:
        """Interpret first; what is too slow, or too deep, there is compiled instead, in the time left."""
        worker = self._ready_worker()
        seconds = self.pool.limits.seconds
        task = {"code": job.candidate.code, "name": job.candidate.name, "task": job.task, "jit": False}
        if job.task == "measure":
            return worker.trial({**task, "jit": True}, job.oracle.source, seconds), True
        budget = interpreter_budget(seconds)
        start = time.monotonic()
        answer = worker.trial(task, job.oracle.source, budget)
        if not _wants_compiler(answer):
            return answer, False
        left = max(seconds - (time.monotonic() - start), 0.1)
        if job.cancelled:
            return {**answer, "killed": "cancelled"}, False
        return worker.trial({**task, "jit": True}, job.oracle.source, left), True

    def _ready_worker(self) -> Worker:
        # sandlock keeps a descriptor of every process it has seen, here, until its sandbox ends.
        used = self.worker.served if self.worker is not None and self.worker.sandbox == "sandlock" else 0
        if used >= trials_per_worker(self.pool.workers):
            self._drop()
        if self.worker is None:
            worker = Worker(self.pool.toolchain, self.pool.limits, self.pool.sandbox)
            with self._lock:
                self.worker = worker
        return self.worker

    def _drop(self) -> None:
        with self._lock:
            worker, self.worker = self.worker, None
        if worker is not None:
            worker.close()


def trials_per_worker(workers: int) -> int:
    """After how many trials a worker is replaced: its descriptors stay below half of what we may open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = soft if soft > 0 else 1 << 20
    return max(20, min(500, allowed // (4 * workers)))


def interpreter_budget(seconds: float) -> float:
    """Seconds a trial of ``seconds`` may be interpreted before it is compiled instead."""
    return min(seconds, max(0.5, 0.1 * seconds))


def _wants_compiler(answer: Mapping[str, Any]) -> bool:
    if answer.get("killed") == "timeout":
        return True
    error = (answer.get("report") or {}).get("error") or {}
    # The interpreter needs more stack per call than compiled code does.
    return error.get("type") == "StackOverflowError"


def _killed_from_outside(answer: Mapping[str, Any]) -> bool:
    return (
        not answer.get("killed")
        and not answer.get("report")
        and int(answer.get("status") or 0) & 0x7F == signal.SIGKILL
    )


def _count(answer: Mapping[str, Any], oracle: Oracle) -> int:
    report = answer.get("report") or {}
    if report.get("type") == "oracle":
        raise oracle_error(report, oracle)
    if report.get("type") != "counted":
        raise WorkerError(f"the oracle could not be read ({answer.get('killed') or answer.get('status')})")
    return int(report["checks"])


def _speed(answer: Mapping[str, Any], job: _Job, limits: Limits) -> Speed:
    report = answer.get("report") or {}
    if report.get("type") == "measured":
        return Speed(
            seconds=float(report["seconds"]), noise=float(report["noise"]), samples=int(report["samples"])
        )
    trial = trial_from(answer, job.candidate, job.oracle, limits)
    why = f"{trial.error.type}: {trial.error.message}" if trial.error else trial.verdict
    raise WorkerError(f"the call {job.oracle.source!r} cannot be measured: {why}")
