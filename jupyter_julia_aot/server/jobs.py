"""Long work: each job is a directory and a process of its own.

Most are started from the panel. Command lines in a terminal announce theirs in the same form
(:mod:`jupyter_julia_aot.pipeline.announcing`); those have a ``pid`` in ``job.json`` and no supervisor.

``<data>/jobs/ID/`` holds ``job.json`` (what was asked), ``stdout``, ``stderr``, ``supervisor``
and ``child`` (process ids) and, at the end, ``exit``. All state is read from there, so a
restarted server sees the same jobs; several servers of one user do too.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_julia_aot.pipeline.announcing import STARTED_BY_PANEL
from jupyter_julia_aot.records import new_id
from jupyter_julia_aot.server import processes
from jupyter_julia_aot.server.supervise import write
from jupyter_julia_aot.server.validate import RequestError
from jupyter_julia_aot.settings import data_dir

KEEP_JOBS = 50
LOG_TAIL_BYTES = 8 * 1024
RESULT_BYTES = 8 << 20

_PROGRESS = re.compile(r"(\d+)\s*(?:/|of)\s*(\d+)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_JUDGED = re.compile(r"(\d+)/(\d+) judged, (\d+) passed")
_RATE = re.compile(r"(?:pass(?:ed|@1| rate)?)\D{0,3}(\d+(?:\.\d+)?)\s*(%?)", re.IGNORECASE)


class Jobs:
    """The jobs below one directory."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory

    @property
    def directory(self) -> Path:
        """Where the jobs are kept."""
        return self._directory if self._directory is not None else data_dir() / "jobs"

    def start(
        self,
        verb: str,
        title: str,
        arguments: Sequence[str],
        *,
        files: Mapping[str, str] | None = None,
        notebook: str = "",
    ) -> dict[str, Any]:
        """Start ``jupyter julia-aot VERB …`` and return its view.

        ``files`` (plain names, not paths) are written into the job's directory first, which is
        the command's working directory.
        """
        job_id = new_id()
        directory = self.directory / job_id
        directory.mkdir(parents=True, mode=0o700)
        for name, text in (files or {}).items():
            (directory / name).write_text(text, encoding="utf-8")
        argv = [sys.executable, "-m", "jupyter_julia_aot.cli", verb, *arguments]
        description = {"verb": verb, "title": title, "argv": argv, "started": time.time()}
        write(directory / "job.json", json.dumps(description))
        environment = {**os.environ, STARTED_BY_PANEL: job_id}
        if notebook:
            environment["JPY_SESSION_NAME"] = notebook
        with (directory / "supervisor.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_julia_aot.server.supervise", str(directory)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=environment,
            )
        write(directory / "supervisor", str(process.pid))
        # It is ours to reap while we live; after a restart the system's init does.
        _CHILDREN[process.pid] = process
        self._forget_old()
        return self.view(job_id)

    def views(self) -> list[dict[str, Any]]:
        """Views of all jobs, newest first, without logs and results."""
        return [self.view(job_id, full=False) for job_id in self._ids()]

    def running(self) -> list[str]:
        """Ids of jobs that have not ended."""
        return [j for j in self._ids() if not (self.directory / j / "exit").exists() and self._alive(j)]

    def view(self, job_id: str, *, full: bool = True) -> dict[str, Any]:
        """What the panel shows of a job. Raises :class:`RequestError` (404) for an unknown id."""
        directory = self._existing(job_id)
        job = json.loads((directory / "job.json").read_text(encoding="utf-8"))
        code = _number(directory / "exit")
        alive = code is None and self._alive(job_id)
        # It may have ended between the two looks.
        code = _number(directory / "exit") if code is None and not alive else code
        stopped = (directory / "stopped").exists()
        log = _tail(directory / "stderr")
        state = "running" if alive else _ended(code, stopped)
        view: dict[str, Any] = {
            "id": job_id,
            "verb": job["verb"],
            "title": job["title"],
            "state": state,
            "started": job["started"],
            "finished": _mtime(directory / "exit"),
            "exit_code": code,
            "pid": _number(directory / "child"),
            "progress": progress_of(log) if alive else None,
            "message": _last_line(log),
        }
        if full:
            view["log"] = log
            # A server tells its address as soon as it runs; all others their result at the end.
            done = not alive or job["verb"] == "serve"
            # An evaluation writes its result to a file of its own.
            file = "result.json" if job["verb"] == "eval" else "stdout"
            view["result"] = _result(directory / file) if done else None
        return view

    def signature(self, job_id: str) -> tuple[float, ...]:
        """Changes whenever :meth:`view` may."""
        directory = self.directory / job_id
        names = ("stderr", "child", "exit", "stopped")
        return (*(_mtime(directory / n) or 0.0 for n in names), float(self._alive(job_id)))

    def stop(self, job_id: str) -> None:
        """Ask a job to stop; its supervisor kills it when it does not within seconds."""
        directory = self._existing(job_id)
        pid = _number(directory / "supervisor")
        announced = self._announced(directory)
        if not self._alive(job_id) or (pid is None and announced is None):
            raise RequestError("the job has ended already", status=409)
        write(directory / "stopped", "")
        if announced is not None:
            processes.interrupt(announced)
        elif pid is not None:
            processes.signal_group(pid, signal.SIGINT)

    def forget(self, job_id: str) -> None:
        """Remove an ended job from the list."""
        directory = self._existing(job_id)
        if self._alive(job_id) and not (directory / "exit").exists():
            raise RequestError("the job is still running", status=409, remedy="stop it first")
        shutil.rmtree(directory)

    def _ids(self) -> list[str]:
        try:
            entries = [p.name for p in self.directory.iterdir() if (p / "job.json").exists()]
        except FileNotFoundError:
            return []
        return sorted(entries, reverse=True)

    def _existing(self, job_id: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{20}", job_id) or not (self.directory / job_id / "job.json").exists():
            raise RequestError(f"no job {job_id!r}", field="id", status=404)
        return self.directory / job_id

    def _alive(self, job_id: str) -> bool:
        directory = self.directory / job_id
        if self._announced(directory) is not None:
            return True
        pid = _number(directory / "supervisor")
        if pid is None:
            # Written right after the process was started; absent only in that instant.
            began = _mtime(directory / "job.json")
            own = not (directory / "child").exists()
            return own and began is not None and time.time() - began < 5.0
        child = _CHILDREN.get(pid)
        if child is not None:
            if child.poll() is None:
                return True  # ours for sure; its command line is still empty in the instant after exec
            del _CHILDREN[pid]
        return processes.started_at(pid) is not None and job_id in processes.command_of(pid)

    def _announced(self, directory: Path) -> int | None:
        """The living process of work that a terminal announced; ``None`` for all other."""
        try:
            job = json.loads((directory / "job.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        pid = job.get("pid")
        return None if pid is None else processes.run_pid(f"pid {pid}", float(job["started"]))

    def _forget_old(self) -> None:
        for job_id in self._ids()[KEEP_JOBS:]:
            if (self.directory / job_id / "exit").exists():
                shutil.rmtree(self.directory / job_id)


_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}


def progress_of(log: str) -> dict[str, Any] | None:
    """Progress read from the newest line that tells one (``12/164 … passed 75 %``)."""
    for line in reversed(re.split(r"[\r\n]+", log)):
        judged = _JUDGED.search(line)
        if judged is not None and int(judged[2]) and int(judged[1]):
            done, total, good = (int(judged[i]) for i in (1, 2, 3))
            return {
                "fraction": min(1.0, done / total),
                "message": line.strip()[:200],
                "pass_rate": good / done,
            }
        rate = _RATE.search(line)
        passed = None
        if rate is not None:
            passed = float(rate.group(1)) / (100 if rate.group(2) else 1)
        count = _PROGRESS.search(line)
        if count is not None and int(count.group(2)):
            fraction = min(1.0, int(count.group(1)) / int(count.group(2)))
            return {"fraction": fraction, "message": line.strip()[:200], "pass_rate": passed}
        percent = _PERCENT.search(line)
        if percent is not None:
            fraction = min(1.0, float(percent.group(1)) / 100)
            return {"fraction": fraction, "message": line.strip()[:200], "pass_rate": None}
    return None


def _ended(code: int | None, stopped: bool) -> str:
    if stopped:
        return "stopped"
    if code is None:
        return "lost"
    return "done" if code == 0 else "failed"


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _mtime(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - LOG_TAIL_BYTES))
            return file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""


def _last_line(log: str) -> str:
    lines = [line for line in re.split(r"[\r\n]+", log) if line.strip()]
    return lines[-1].strip()[:300] if lines else ""


def _result(path: Path) -> Any:
    """The JSON the command wrote; ``None`` when it wrote none, or far too much."""
    try:
        if path.stat().st_size > RESULT_BYTES:
            return None
        return json.loads(path.read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError):
        return None
