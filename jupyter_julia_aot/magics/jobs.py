"""Work that goes on while the kernel does something else (``--bg``), and stopping it."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from jupyter_julia_aot.errors import JuliaAotError, SettingError


@dataclass(eq=False)
class Job:
    """One background run. ``status`` is ``running``, ``done``, ``stopped`` or ``failed``."""

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

    def start(self, title: str, work: Callable[[threading.Event], None]) -> Job:
        """Run ``work(cancel)`` in a thread; what it raises ends up in the job."""
        job = Job(number=len(self.all) + 1, title=title)
        self.all.append(job)
        # Outputs go to the cell that started the job: the kernel knows it by context.
        context = contextvars.copy_context()
        job.thread = threading.Thread(
            target=context.run, args=(_run, job, work), name=f"julia-aot-{title}", daemon=True
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


def _run(job: Job, work: Callable[[threading.Event], None]) -> None:
    try:
        work(job.cancel)
        job.status = "stopped" if job.cancel.is_set() else "done"
    except JuliaAotError as error:
        job.status = "stopped" if job.cancel.is_set() else "failed"
        job.error = str(error)
    except BaseException as error:
        job.status, job.error = "failed", f"{type(error).__name__}: {error}"
        raise
    finally:
        job.ended = time.monotonic()
