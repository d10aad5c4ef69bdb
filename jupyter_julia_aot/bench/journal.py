"""What has been judged so far, one JSON line each, so that a killed evaluation goes on."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from jupyter_julia_aot.bench.samples import Sample
from jupyter_julia_aot.bench.task import Task
from jupyter_julia_aot.errors import BenchError
from jupyter_julia_aot.records import VERDICTS, Verdict

FORMAT = 1

# Lines reach the operating system one by one (a killed process loses none); the disk is asked
# to keep them this often, as each time costs milliseconds.
SYNC_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A sample's verdict, or the harness fault that kept it from getting one."""

    task_id: str
    index: int
    verdict: Verdict | None
    seconds: float = 0.0
    """What the trial took, 0 when it was not run (a copy of an earlier sample)."""
    fault: str = ""

    @property
    def key(self) -> tuple[str, int]:
        """Which sample this is."""
        return self.task_id, self.index


def fingerprint(tasks: Sequence[Task], samples: Sequence[Sample], julia: str) -> str:
    """A digest of everything verdicts depend on."""
    digest = hashlib.sha256(f"{FORMAT}\0{julia}\0".encode())
    for task in tasks:
        digest.update(
            json.dumps([task.id, task.oracle.language, task.oracle.source, task.oracle.seconds]).encode()
        )
    for sample in samples:
        digest.update(json.dumps([sample.task_id, sample.index, sample.code]).encode())
    return digest.hexdigest()


class Journal:
    """Append-only file of :class:`Judged` lines behind a header line.

    Opening an existing file reads what it holds (:attr:`done`) and goes on after it; half a line
    at the end (a kill while writing) is dropped. Harness faults are not kept as done: they are
    tried again. Raises :class:`BenchError` when the file belongs to another evaluation.
    """

    def __init__(self, path: Path, print_: str) -> None:
        self.path = path
        self.done: dict[tuple[str, int], Judged] = {}
        self.seconds_before = 0.0
        """Wall clock of the sessions before this one, up to their last verdict."""
        self._began = time.monotonic()
        self._synced = time.monotonic()
        try:
            keep = self._read(print_) if path.exists() else 0
            self._file: IO[bytes] = path.open("r+b" if path.exists() else "w+b")
            self._file.truncate(keep)
            self._file.seek(keep)
            if not keep:
                self._write({"format": FORMAT, "fingerprint": print_})
        except OSError as error:
            raise BenchError(
                f"cannot write the journal {path}: {error.strerror or error}", remedy="choose another place"
            ) from error

    def _read(self, print_: str) -> int:
        """Fill :attr:`done`; returns how many bytes of the file are good."""
        keep = 0
        for number, line in enumerate(self.path.read_bytes().splitlines(keepends=True), 1):
            if not line.endswith(b"\n"):
                break
            try:
                data = json.loads(line)
                if number == 1:
                    self._check_header(data, print_)
                else:
                    judged = _decode(data)
                    self.seconds_before = max(self.seconds_before, float(data.get("wall", 0.0)))
                    if judged.verdict is not None:
                        self.done.setdefault(judged.key, judged)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                if isinstance(error, BenchError):
                    raise
                raise BenchError(
                    f"{self.path}, line {number}: no journal line ({error})",
                    remedy="delete the file to start over",
                ) from error
            keep += len(line)
        return keep

    def _check_header(self, data: Any, print_: str) -> None:
        if data.get("fingerprint") != print_ or data.get("format") != FORMAT:
            raise BenchError(
                f"the journal {self.path} belongs to other tasks, samples or another Julia",
                remedy="delete it to start over, or choose another output file",
            )

    def add(self, judged: Judged) -> None:
        """Append one line."""
        self._write(
            {
                "task": judged.task_id,
                "sample": judged.index,
                "verdict": judged.verdict,
                "seconds": judged.seconds,
                "fault": judged.fault,
                "wall": round(self.seconds_before + time.monotonic() - self._began, 3),
            }
        )

    def _write(self, data: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(data).encode() + b"\n")
            self._file.flush()
            if time.monotonic() - self._synced > SYNC_SECONDS:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            raise BenchError(
                f"cannot write the journal {self.path}: {error.strerror or error}",
                remedy="free some space and start again: it goes on where it was",
            ) from error

    def close(self) -> None:
        """Ask the disk to keep everything, and close."""
        os.fsync(self._file.fileno())
        self._file.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _decode(data: dict[str, Any]) -> Judged:
    verdict = data["verdict"]
    if verdict is not None and verdict not in VERDICTS:
        raise ValueError(f"unknown verdict {verdict!r}")
    return Judged(
        task_id=str(data["task"]),
        index=int(data["sample"]),
        verdict=verdict,
        seconds=float(data["seconds"]),
        fault=str(data["fault"]),
    )
