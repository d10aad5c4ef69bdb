"""Judges samples on whatever runs trials, and can be killed and resumed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from jupyter_julia_aot.bench.journal import Journal, Judged, fingerprint
from jupyter_julia_aot.bench.outcome import Evaluation, gather
from jupyter_julia_aot.bench.programs import PROGRAM
from jupyter_julia_aot.bench.samples import Sample, to_try
from jupyter_julia_aot.bench.task import Task
from jupyter_julia_aot.errors import BenchError, Cancelled
from jupyter_julia_aot.records import Candidate, Oracle, Trial

Submit = Callable[[Candidate, Oracle], "Future[Trial]"]
"""Starts a trial: ``TrialPool.submit``, or :func:`jupyter_julia_aot.bench.scale.on_executor`."""

# Trials handed out at once: enough to keep any pool busy, few enough to stop within a second.
WINDOW = 64
_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an evaluation is. Times in seconds."""

    done: int
    total: int
    passed: int
    harness_errors: int
    elapsed: float
    remaining: float | None
    """Estimated from this session's pace; ``None`` when there is none to go by."""


def evaluate(
    tasks: Sequence[Task],
    samples: Sequence[Sample],
    submit: Submit,
    *,
    ks: Sequence[int] = (1,),
    julia: str = "",
    journal: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
    window: int = WINDOW,
) -> Evaluation:
    """Judge every sample and sum up; the result depends neither on order nor on ``window``.

    A sample that repeats an earlier one of its task to the letter shares its verdict; one without
    any code counts as ``syntax``. With ``journal`` each verdict is written down at once, and a
    second call with the same tasks, samples and ``julia`` goes on from there.

    Raises :class:`BenchError` for ``k`` above a task's number of samples or a foreign journal,
    :class:`~jupyter_julia_aot.errors.Cancelled` when ``cancel`` is set (the journal keeps what
    was judged).
    """
    _check(tasks, samples, ks)
    by_id = {task.id: task for task in tasks}
    began = time.monotonic()
    opened = Journal(journal, fingerprint(tasks, samples, julia)) if journal is not None else None
    with opened or nullcontext():
        # A copy: what is judged below must not look like what was known before.
        before = dict(opened.done) if opened is not None else {}
        done = dict(before)
        verdicts = Counter(judged.verdict for judged in before.values())
        pace = _Pace()
        for judged in _judge(by_id, samples, before, submit, cancel, window):
            done[judged.key] = judged
            if opened is not None:
                opened.add(judged)
            verdicts[judged.verdict] += 1
            if progress is not None:
                elapsed = time.monotonic() - began
                progress(
                    Progress(
                        done=len(done),
                        total=len(samples),
                        passed=verdicts["passed"],
                        harness_errors=verdicts[None],
                        elapsed=elapsed,
                        remaining=pace.remaining(elapsed, len(done), len(samples)),
                    )
                )
    return gather(
        list(done.values()),
        tuple(ks),
        wall_seconds=time.monotonic() - began + (opened.seconds_before if opened is not None else 0.0),
        julia=julia,
        order=[task.id for task in tasks],
    )


class _Pace:
    """What is left, by the pace since the first verdict: before it, workers start."""

    def __init__(self) -> None:
        self.first: tuple[float, int] | None = None

    def remaining(self, elapsed: float, done: int, total: int) -> float | None:
        if self.first is None:
            self.first = elapsed, done
        since, judged = elapsed - self.first[0], done - self.first[1]
        return since / judged * (total - done) if judged else (0.0 if done == total else None)


def _check(tasks: Sequence[Task], samples: Sequence[Sample], ks: Sequence[int]) -> None:
    counts = Counter(sample.task_id for sample in samples)
    known = {task.id for task in tasks}
    for task_id, count in counts.items():
        if task_id not in known:
            raise BenchError(f"samples of an unknown task {task_id!r}", remedy="load its task set")
        for k in ks:
            if not 1 <= k <= count:
                raise BenchError(
                    f"pass@{k} needs {k} samples per task, but {task_id!r} has {count}",
                    remedy="take more samples, or a smaller k",
                )


def _judge(
    by_id: dict[str, Task],
    samples: Sequence[Sample],
    done: dict[tuple[str, int], Judged],
    submit: Submit,
    cancel: threading.Event | None,
    window: int,
) -> Iterator[Judged]:
    """Verdicts of the samples that are not ``done``, in the order they come in."""
    known = {(s.task_id, s.code): done[s.task_id, s.index] for s in samples if (s.task_id, s.index) in done}
    copies: dict[tuple[str, str], list[Sample]] = {}
    for sample in [s for s in samples if (s.task_id, s.index) not in done]:
        same = known.get((sample.task_id, sample.code))
        if same is not None:
            yield Judged(task_id=sample.task_id, index=sample.index, verdict=same.verdict)
        else:
            copies.setdefault((sample.task_id, sample.code), []).append(sample)
    waiting = iter(copies.values())
    running: dict[Future[Trial], list[Sample]] = {}
    try:
        while True:
            if cancel is not None and cancel.is_set():
                raise Cancelled("the evaluation was stopped", remedy="start it again to go on from there")
            while len(running) < window and (group := next(waiting, None)) is not None:
                if not group[0].code.strip():
                    yield from _settle(group, "")
                    continue
                running[_start(by_id[group[0].task_id], group[0], submit)] = group
            if not running:
                return
            finished, _ = wait(running, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
            for future in finished:
                yield from _settle(running.pop(future), future)
    finally:
        for future in running:
            future.cancel()


def _start(task: Task, sample: Sample, submit: Submit) -> Future[Trial]:
    candidate = Candidate(
        id=f"{sample.task_id}#{sample.index}",
        name=PROGRAM if task.program else task.prompt.name,
        code=to_try(task, sample.code),
        origin="user",
    )
    try:
        return submit(candidate, task.oracle)
    except Exception as error:
        failed: Future[Trial] = Future()
        failed.set_exception(error)
        return failed


def _settle(group: Sequence[Sample], result: Future[Trial] | str) -> Iterator[Judged]:
    """The verdict (or fault) of a trial for all samples that share it."""
    if isinstance(result, str):
        for sample in group:
            yield Judged(task_id=sample.task_id, index=sample.index, verdict="syntax")
        return
    fault, trial = "", None
    try:
        trial = result.result()
    except CancelledError:
        fault = "cancelled by the executor"
    except Exception as error:
        # Whatever a harness throws, its own faults and a remote worker's alike, is no verdict.
        fault = f"{type(error).__name__}: {error}"
    for number, sample in enumerate(group):
        yield Judged(
            task_id=sample.task_id,
            index=sample.index,
            verdict=None if trial is None else trial.verdict,
            seconds=trial.seconds if trial is not None and number == 0 else 0.0,
            fault=fault,
        )
