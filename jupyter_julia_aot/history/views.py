"""What reading the history gives: frozen values, newest first."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

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

OWN_KINDS = frozenset({"starred", "unstarred", "deleted"})
"""Entries of the log that the history makes itself; the pipeline has no such events."""


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
    """A build that ended well. ``recipe`` is ``None`` when the run recorded none that can be read."""

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
    unreadable: tuple[str, ...] = ()
    """What of it a newer version wrote and this one leaves out: ``candidate ID``, ``prompt`` …"""


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


def read(cls: type[R], text: str | None, what: str, unreadable: list[str]) -> R | None:
    """Decode a stored record. One that this version cannot read costs only itself: it is ``None``,
    and ``what`` is added to ``unreadable``."""
    if text is None:
        return None
    try:
        return from_json(cls, json.loads(text))
    except ValueError:
        unreadable.append(what)
        return None


def candidates_of(db: sqlite3.Connection, run_id: str, unreadable: list[str]) -> tuple[CandidateEntry, ...]:
    """The run's candidates in the order they were recorded."""
    trials: dict[str, list[Trial]] = {}
    for candidate_id, text in db.execute(
        "SELECT candidate_id, record FROM trial WHERE run_id = ? ORDER BY seq", (run_id,)
    ):
        trial = read(Trial, text, f"trial of candidate {candidate_id}", unreadable)
        if trial is not None:
            trials.setdefault(candidate_id, []).append(trial)
    entries = []
    for candidate_id, at, text in db.execute(
        "SELECT id, at, record FROM candidate WHERE run_id = ? ORDER BY rowid", (run_id,)
    ):
        candidate = read(Candidate, text, f"candidate {candidate_id}", unreadable)
        if candidate is not None:
            tried = tuple(trials.get(candidate_id, ()))
            entries.append(CandidateEntry(run_id=run_id, at=at, candidate=candidate, trials=tried))
    return tuple(entries)


_BUILD_COLUMNS = (
    "build.run_id, build.at, build.artifact_id, build.record, nullif(build.recipe, 'null'), run.notebook"
)


def builds_of(
    db: sqlite3.Connection, where: str, parameters: tuple[Any, ...], unreadable: list[str]
) -> tuple[BuildEntry, ...]:
    """Builds selected by an SQL tail of ours (never text of a user's); ids of others: ``unreadable``."""
    query = f"SELECT {_BUILD_COLUMNS} FROM build JOIN run ON run.id = build.run_id {where}"  # noqa: S608
    entries = []
    for run_id, at, artifact_id, text, recipe, notebook in db.execute(query, parameters):
        result = read(BuildResult, text, artifact_id, unreadable)
        if result is not None:
            made_from = read(Recipe, recipe, "recipe", [])
            entries.append(
                BuildEntry(run_id=run_id, at=at, result=result, recipe=made_from, notebook=notebook)
            )
    return tuple(entries)


def left_out(build_ids: Sequence[str]) -> str:
    """What to say of :meth:`History.unreadable_builds`; empty when there are none."""
    if not build_ids:
        return ""
    were = "1 build was" if len(build_ids) == 1 else f"{len(build_ids)} builds were"
    return (
        f"{were} written by a newer version and left out: {', '.join(build_ids)} → update jupyter_julia_aot"
    )


def events_of(db: sqlite3.Connection, run_id: str, unreadable: list[str]) -> tuple[Event, ...]:
    """The run's log without what is not an event of the pipeline (stars)."""
    events = []
    for kind, data, at in db.execute(
        "SELECT kind, data, at FROM event WHERE run_id = ? ORDER BY seq", (run_id,)
    ):
        if kind in OWN_KINDS:
            continue
        whole = {"run_id": run_id, "kind": kind, "data": json.loads(data or "{}"), "at": at}
        try:
            events.append(from_json(Event, whole))
        except ValueError:
            unreadable.append(f"event {kind}")
    return tuple(events)


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
