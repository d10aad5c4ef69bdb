"""Work of one kernel that can be stopped from elsewhere: in the foreground, or after ``--bg``.

A run is stopped by a file ``<data>/stop/RUN_ID``, which the side panel writes: a signal would hit
whatever the kernel does in the foreground, be it another cell. Whoever takes the file away has
understood.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from jupyter_julia_aot.errors import JuliaAotError, SettingError
from jupyter_julia_aot.settings import data_dir

Work = Callable[[threading.Event], None]
RunId = Callable[[], str | None]

LOOK_SECONDS = 0.2
"""How often a running job looks for its stop file (one look-up in a directory)."""


def _no_run() -> str | None:
    """Of work that is no run of the history."""
    return None


@dataclass(eq=False)
class Job:
    """One run. ``status`` is ``running``, ``done``, ``stopped`` or ``failed``."""

    number: int
    title: str
    cancel: threading.Event = field(default_factory=threading.Event)
    status: str = "running"
    error: str = ""
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    thread: threading.Thread | None = None

    @property
    def seconds(self) -> float:
        """How long it ran, or has been running."""
        return (self.ended or time.monotonic()) - self.began


class Jobs:
    """The background runs of one kernel."""

    def __init__(self) -> None:
        self.all: list[Job] = []

    def start(self, title: str, work: Work, run_id: RunId = _no_run) -> Job:
        """Run ``work(cancel)`` in a thread; what it raises ends up in the job.

        ``run_id`` is asked for the id in the history, which is known soon after the start.
        """
        job = Job(number=len(self.all) + 1, title=title)
        self.all.append(job)
        # Outputs go to the cell that started the job: the kernel knows it by context.
        context = contextvars.copy_context()
        job.thread = threading.Thread(
            target=context.run, args=(_run, job, work, run_id), name=f"julia-aot-{title}", daemon=True
        )
        job.thread.start()
        return job

    def running(self) -> list[Job]:
        """Those that have not ended."""
        return [j for j in self.all if j.status == "running"]

    def stop(self, number: int | None = None) -> list[Job]:
        """Stop one, or all; waits a moment for them to end. Raises :class:`SettingError`."""
        chosen = [j for j in self.running() if number in (None, j.number)]
        if number is not None and not chosen:
            known = ", ".join(str(j.number) for j in self.running()) or "none"
            raise SettingError(f"%julia stop: no running job {number}", remedy=f"running jobs: {known}")
        for job in chosen:
            job.cancel.set()
        for job in chosen:
            if job.thread is not None:
                job.thread.join(timeout=1.0)
        return chosen


def stoppable(work: Work, run_id: RunId) -> None:
    """Run ``work(cancel)`` here; the run's stop file sets ``cancel``. Raises what the work raises."""
    _watched(threading.Event(), work, run_id)


def _run(job: Job, work: Work, run_id: RunId) -> None:
    try:
        _watched(job.cancel, work, run_id)
        job.status = "stopped" if job.cancel.is_set() else "done"
    except JuliaAotError as error:
        job.status = "stopped" if job.cancel.is_set() else "failed"
        job.error = str(error)
    except BaseException as error:
        job.status, job.error = "failed", f"{type(error).__name__}: {error}"
        raise
    finally:
        job.ended = time.monotonic()


def _watched(cancel: threading.Event, work: Work, run_id: RunId) -> None:
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(cancel, over, run_id), daemon=True, name="julia-aot-stop")
    watcher.start()
    try:
        work(cancel)
    finally:
        over.set()


def _watch(cancel: threading.Event, over: threading.Event, run_id: RunId) -> None:
    folder = data_dir() / "stop"
    while not over.wait(LOOK_SECONDS):
        wanted = run_id()
        if not wanted:
            continue
        try:
            (folder / wanted).unlink()
        except FileNotFoundError:
            continue
        except OSError:
            return  # a directory that cannot be changed: nobody can leave a message there either
        cancel.set()
        return
