"""What reading the history gives: frozen values, newest first."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from jupyter_julia_aot.errors import HistoryError
from jupyter_julia_aot.records import (
    BuildResult,
    Candidate,
    Event,
    ModelInfo,
    Prompt,
    Recipe,
    Sampling,
    Selection,
    Trial,
    Usage,
    from_json,
)

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """One line of the history list. Times in seconds (since the epoch, or long)."""

    id: str
    kind: str
    """``generate``, or ``build`` for a run that only built."""
    name: str
    request: str
    model: str
    notebook: str
    kernel: str
    started: float
    finished: float | None
    status: str
    """``running`` until the run ended; it stays so when its kernel was killed."""
    seconds: float
    verdict: str | None
    """The best verdict of its trials, ``None`` when nothing was tried."""
    candidates: int
    passed: int
    selected: str | None
    accepted: str | None
    starred: bool
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateEntry:
    """A candidate with its trials, oldest first."""

    run_id: str
    at: float
    candidate: Candidate
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildEntry:
    """A build that ended well. ``recipe`` is ``None`` when the run recorded none."""

    run_id: str
    at: float
    result: BuildResult
    recipe: Recipe | None = None
    notebook: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDetail:
    """Everything known of one run."""

    summary: RunSummary
    prompt: Prompt | None
    sampling: Sampling | None
    model: ModelInfo | None
    candidates: tuple[CandidateEntry, ...]
    selection: Selection | None
    builds: tuple[BuildEntry, ...]
    events: tuple[Event, ...]
    """The log: every event but tokens, with the data of candidates and trials left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of the log. ``seq`` only grows; kinds are the events' and
    ``starred``, ``unstarred``, ``deleted``."""

    seq: int
    run_id: str
    kind: str
    at: float
    data: Mapping[str, Any]


SUMMARY_COLUMNS = (
    "run.id, run.kind, run.name, run.request, run.model_name, run.notebook, run.kernel, run.started, "
    "run.finished, run.status, run.seconds, run.verdict, run.candidates, run.passed, run.selection, "
    "run.accepted, run.starred, run.prompt_tokens, run.completion_tokens, run.cached_tokens, "
    "run.model_seconds"
)


def summary(row: tuple[Any, ...]) -> RunSummary:
    """Read a row of :data:`SUMMARY_COLUMNS`."""
    return RunSummary(
        id=row[0],
        kind=row[1],
        name=row[2],
        request=row[3],
        model=row[4],
        notebook=row[5],
        kernel=row[6],
        started=row[7],
        finished=row[8],
        status=row[9],
        seconds=row[10],
        verdict=row[11],
        candidates=row[12],
        passed=row[13],
        selected=None if row[14] is None else json.loads(row[14]).get("candidate_id"),
        accepted=row[15],
        starred=bool(row[16]),
        usage=Usage(prompt_tokens=row[17], completion_tokens=row[18], cached_tokens=row[19], seconds=row[20]),
    )


def record(cls: type[R], text: str, where: str) -> R:
    """Decode a stored record. Raises :class:`HistoryError` naming ``where`` it is broken."""
    try:
        return from_json(cls, json.loads(text))
    except ValueError as error:
        raise HistoryError(
            f"the history holds a {cls.__name__} that this version cannot read ({where}): {error}",
            remedy="update jupyter_julia_aot, or delete that run from the history",
        ) from error


def candidates_of(db: sqlite3.Connection, run_id: str) -> tuple[CandidateEntry, ...]:
    """The run's candidates in the order they were recorded."""
    trials: dict[str, list[Trial]] = {}
    for candidate_id, text in db.execute(
        "SELECT candidate_id, record FROM trial WHERE run_id = ? ORDER BY seq", (run_id,)
    ):
        trials.setdefault(candidate_id, []).append(record(Trial, text, f"run {run_id}"))
    return tuple(
        CandidateEntry(
            run_id=run_id,
            at=at,
            candidate=record(Candidate, text, f"run {run_id}"),
            trials=tuple(trials.get(candidate_id, ())),
        )
        for candidate_id, at, text in db.execute(
            "SELECT id, at, record FROM candidate WHERE run_id = ? ORDER BY rowid", (run_id,)
        )
    )


_BUILD_COLUMNS = "build.run_id, build.at, build.record, build.recipe, run.notebook"


def builds_of(db: sqlite3.Connection, where: str, parameters: tuple[Any, ...]) -> tuple[BuildEntry, ...]:
    """Builds selected by an SQL tail of ours (never text of a user's)."""
    query = f"SELECT {_BUILD_COLUMNS} FROM build JOIN run ON run.id = build.run_id {where}"  # noqa: S608
    return tuple(
        BuildEntry(
            run_id=run_id,
            at=at,
            result=record(BuildResult, text, f"run {run_id}"),
            recipe=None if recipe in (None, "null") else record(Recipe, recipe, f"run {run_id}"),
            notebook=notebook,
        )
        for run_id, at, text, recipe, notebook in db.execute(query, parameters)
    )


def change_data(db: sqlite3.Connection, seq: int, run_id: str, kind: str, text: str | None) -> Any:
    """The full data of a log entry, fetched from where it is kept."""
    data = json.loads(text) if text else {}
    if kind == "trial":
        row = db.execute("SELECT record FROM trial WHERE seq = ?", (seq,)).fetchone()
        return {} if row is None else {"trial": json.loads(row[0])}
    if kind == "candidate":
        row = db.execute("SELECT record FROM candidate WHERE id = ?", (data.get("id"),)).fetchone()
        return {} if row is None else {"candidate": json.loads(row[0])}
    if kind == "built":
        row = db.execute("SELECT record FROM build WHERE seq = ?", (seq,)).fetchone()
        return {} if row is None else {"result": json.loads(row[0])}
    if kind == "run_started":
        row = db.execute(
            "SELECT prompt, sampling, model, notebook, kernel FROM run WHERE id = ?", (run_id,)
        ).fetchone()
        if row is None:
            return {}
        keys = ("prompt", "sampling", "model")
        values = {k: None if v is None else json.loads(v) for k, v in zip(keys, row[:3], strict=True)}
        return {**values, "notebook": row[3], "kernel": row[4]}
    return data
