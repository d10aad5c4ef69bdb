"""A thread of a trial pool: it owns one worker at a time and answers one job after another."""

from __future__ import annotations

import resource
import signal
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from jupyter_julia_aot.errors import Cancelled, SandboxError, WorkerError
from jupyter_julia_aot.records import Candidate, Limits, Oracle, Trial
from jupyter_julia_aot.trial.image_background import want_image
from jupyter_julia_aot.trial.sessions_ahead import SessionsAhead
from jupyter_julia_aot.trial.starting import Starting
from jupyter_julia_aot.trial.verdict import oracle_error, trial_from
from jupyter_julia_aot.trial.worker import Worker, start_worker

if TYPE_CHECKING:
    from jupyter_julia_aot.trial.pool import TrialPool
    from jupyter_julia_aot.trial.session import Session


@dataclass(slots=True)
class Job:
    """One thing to do for a pool, and the future of its answer."""

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


class Slot(threading.Thread):
    """A thread that owns one worker at a time."""

    def __init__(self, pool: TrialPool) -> None:
        super().__init__(name="julia-aot-trials", daemon=True)
        self.pool = pool
        self.idle = False
        self.worker: Worker | None = None
        self._job: Job | None = None
        self._starting: Starting | None = None
        self._session: Session | None = None
        self._lock = threading.Lock()
        self._sessions = SessionsAhead(pool.toolchain, pool.limits, pool.sandbox)

    def run(self) -> None:
        while (job := self.pool.next_job(self)) is not None:
            if job.future.set_running_or_notify_cancel():
                self._do(job)
        self._drop()
        self._sessions.close()

    def took(self, job: Job) -> None:
        """``job`` is this slot's now."""
        with self._lock:
            self._job = job

    def _do(self, job: Job) -> None:
        try:
            result = self._with_python(job) if job.oracle.language == "python" else self._with_retry(job)
        except BaseException as error:  # the future carries it to whoever waits
            job.future.set_exception(error)
        else:
            job.future.set_result(result)
            want_image(self.pool.toolchain)
        finally:
            with self._lock:
                self._job = None

    def cancel(self) -> None:
        """End the current job, from any thread."""
        with self._lock:
            if self._job is None:
                return
            self._job.cancelled = True
            worker, starting, session = self.worker, self._starting, self._session
        if starting is not None:
            starting.end()
        if worker is not None:
            worker.cancel()
        if session is not None:
            session.close()

    def _with_python(self, job: Job) -> Trial:
        from jupyter_julia_aot.trial.python_oracle import judge_with_python

        def taken(session: Session) -> None:
            with self._lock:
                self._session = session
                cancelled = job.cancelled
            if cancelled:
                session.close()

        try:
            session = self._sessions.take(taken)
            if self.pool.is_waiting("python"):
                self._sessions.start_ahead()
            trial = judge_with_python(job.candidate, job.oracle, session)
        except (WorkerError, Cancelled):
            if job.cancelled:
                raise Cancelled("the trial was cancelled") from None
            raise
        finally:
            with self._lock:
                used, self._session = self._session, None
            if used is not None:
                used.close()
        if job.cancelled:
            raise Cancelled("the trial was cancelled")
        return trial

    def _with_retry(self, job: Job) -> Any:
        """A trial during which the worker, or only its child, was killed from outside is tried once more."""
        for last in (False, True):
            try:
                worker = self._ready_worker(job)
                start = time.monotonic()  # the start of a worker is no time of the candidate's
                answer, jit = self._attempt(worker, job)
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
                    self._limits(job),
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

    def _attempt(self, worker: Worker, job: Job) -> tuple[Mapping[str, Any], bool]:
        """Interpret first; what is too slow, or too deep, there is compiled instead, in the time left."""
        seconds = self._limits(job).seconds
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

    def _limits(self, job: Job) -> Limits:
        seconds = job.oracle.seconds
        return self.pool.limits if seconds is None else replace(self.pool.limits, seconds=seconds)

    def _ready_worker(self, job: Job) -> Worker:
        # sandlock keeps a descriptor of every process it has seen, here, until its sandbox ends.
        used = self.worker.served if self.worker is not None and self.worker.sandbox == "sandlock" else 0
        if used >= trials_per_worker(self.pool.workers):
            self._drop()
        if self.worker is None:
            pool, starting = self.pool, Starting()
            with self._lock:
                self._starting = starting
                if job.cancelled:
                    starting.end()
            try:
                worker = start_worker(pool.toolchain, pool.limits, pool.sandbox, pool.fork, starting)
            except BaseException:
                with self._lock:
                    self._starting = None
                raise
            with self._lock:
                self._starting, self.worker = None, worker
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


def _speed(answer: Mapping[str, Any], job: Job, limits: Limits) -> Speed:
    report = answer.get("report") or {}
    if report.get("type") == "measured":
        return Speed(
            seconds=float(report["seconds"]), noise=float(report["noise"]), samples=int(report["samples"])
        )
    trial = trial_from(answer, job.candidate, job.oracle, limits)
    why = f"{trial.error.type}: {trial.error.message}" if trial.error else trial.verdict
    raise WorkerError(f"the call {job.oracle.source!r} cannot be measured: {why}")
