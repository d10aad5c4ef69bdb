"""Turns one event into rows: the log entry plus the tables that reading and searching use."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from jupyter_julia_aot.history import progress
from jupyter_julia_aot.records import Event

# How close a verdict is to "passed": a run shows the best one of its trials.
VERDICT_ORDER = ("passed", "failed", "error", "timeout", "memory", "crashed", "blocked", "syntax")

# Their data lives in a table of its own; the log keeps only a reference.
_REFERENCED = frozenset({"candidate", "trial", "built", "run_started"})

# After these the run is indexed for search at once; other changes wait for the next search.
_INDEX_NOW = frozenset({"run_started", "selection", "accepted", "built", "run_finished"})


def dump(value: Any) -> str:
    """Compact JSON; ``NaN`` and lone surrogates survive."""
    return json.dumps(value, separators=(",", ":"))


def text(value: Any) -> str:
    """``value`` as text that UTF-8 can hold: lone surrogates become ``?``."""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def apply_event(db: sqlite3.Connection, event: Event, notebook: str, kernel: str) -> int:
    """Write ``event`` within the caller's transaction; returns its sequence number."""
    data = event.data
    reference = _reference(event) if event.kind in _REFERENCED else data
    cursor = db.execute(
        "INSERT INTO event (run_id, kind, at, data) VALUES (?, ?, ?, ?)",
        (event.run_id, event.kind, event.at, dump(reference)),
    )
    seq = int(cursor.lastrowid or 0)
    db.execute(
        "INSERT INTO run (id, started, notebook, kernel) SELECT ?, ?, ?, ? "
        "WHERE NOT EXISTS (SELECT 1 FROM run WHERE id = ?)",
        (
            event.run_id,
            event.at,
            text(data.get("notebook") or notebook),
            text(data.get("kernel") or kernel),
            event.run_id,
        ),
    )
    writer = _WRITERS.get(event.kind)
    if writer is not None:
        writer(db, event, seq)
        db.execute("INSERT OR IGNORE INTO stale VALUES (?)", (event.run_id,))
        if event.kind in _INDEX_NOW:
            index_run(db, event.run_id)
    return seq


def _reference(event: Event) -> Any:
    if event.kind == "candidate":
        return {"id": _part(event.data, "candidate").get("id")}
    return {}


def _part(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """``data[key]``, or ``data`` itself for events that are the record they carry."""
    part = data.get(key)
    return part if isinstance(part, Mapping) else data


def _optional(value: Any) -> str | None:
    return None if value is None else dump(value)


def _run_started(db: sqlite3.Connection, event: Event, seq: int) -> None:
    prompt = event.data.get("prompt") or {}
    model = event.data.get("model")
    model_name = model.get("model", "") if isinstance(model, Mapping) else str(model or "")
    db.execute(
        "UPDATE run SET name = ?, request = ?, prompt = ?, sampling = ?, model = ?, model_name = ?, "
        "started = ? WHERE id = ?",
        (
            text(prompt.get("name", "")),
            text(prompt.get("request", "")),
            _optional(prompt or None),
            _optional(event.data.get("sampling")),
            _optional(model),
            text(model_name),
            event.at,
            event.run_id,
        ),
    )


def _answer(db: sqlite3.Connection, event: Event, seq: int) -> None:
    usage = event.data.get("usage") or {}
    db.execute(
        "UPDATE run SET prompt_tokens = prompt_tokens + ?, completion_tokens = completion_tokens + ?, "
        "cached_tokens = cached_tokens + ?, model_seconds = model_seconds + ? WHERE id = ?",
        (*_usage(usage), event.run_id),
    )


def _usage(usage: Mapping[str, Any]) -> tuple[int, int, int, float]:
    return (
        int(usage.get("prompt_tokens") or 0),
        int(usage.get("completion_tokens") or 0),
        int(usage.get("cached_tokens") or 0),
        float(usage.get("seconds") or 0.0),
    )


def _candidate(db: sqlite3.Connection, event: Event, seq: int) -> None:
    record = _part(event.data, "candidate")
    cursor = db.execute(
        "INSERT OR IGNORE INTO candidate (id, run_id, at, code, record) VALUES (?, ?, ?, ?, ?)",
        (str(record["id"]), event.run_id, event.at, text(record["code"]), dump(record)),
    )
    if cursor.rowcount:
        db.execute(
            "UPDATE run SET candidates = candidates + 1, name = CASE name WHEN '' THEN ? ELSE name END "
            "WHERE id = ?",
            (text(record.get("name", "")), event.run_id),
        )


def _trial(db: sqlite3.Connection, event: Event, seq: int) -> None:
    record = _part(event.data, "trial")
    verdict = str(record["verdict"])
    db.execute(
        "INSERT INTO trial (seq, run_id, candidate_id, verdict, record) VALUES (?, ?, ?, ?, ?)",
        (seq, event.run_id, str(record["candidate_id"]), verdict, dump(record)),
    )
    (best,) = db.execute("SELECT verdict FROM run WHERE id = ?", (event.run_id,)).fetchone()
    order = {v: i for i, v in enumerate(VERDICT_ORDER)}
    if best is None or order.get(verdict, len(order)) < order.get(best, len(order)):
        best = verdict
    db.execute(
        "UPDATE run SET verdict = ?, passed = passed + ? WHERE id = ?",
        (best, int(verdict == "passed"), event.run_id),
    )


def _selection(db: sqlite3.Connection, event: Event, seq: int) -> None:
    db.execute(
        "UPDATE run SET selection = ? WHERE id = ?",
        (dump(_part(event.data, "selection")), event.run_id),
    )


def _accepted(db: sqlite3.Connection, event: Event, seq: int) -> None:
    candidate_id = text(event.data["candidate_id"])
    db.execute(
        "UPDATE run SET accepted = ? WHERE id = coalesce((SELECT run_id FROM candidate WHERE id = ?), ?)",
        (candidate_id, candidate_id, event.run_id),
    )


def _build_started(db: sqlite3.Connection, event: Event, seq: int) -> None:
    recipe = _part(event.data, "recipe")
    db.execute(
        "UPDATE run SET kind = CASE WHEN prompt IS NULL AND candidates = 0 THEN 'build' ELSE kind END, "
        "name = CASE name WHEN '' THEN ? ELSE name END WHERE id = ?",
        (text(recipe.get("name", "")), event.run_id),
    )


def _built(db: sqlite3.Connection, event: Event, seq: int) -> None:
    record = _part(event.data, "result")
    artifact = record.get("artifact") or {}
    recipe = db.execute(
        "SELECT data FROM event WHERE run_id = ? AND kind = 'build_started' ORDER BY seq DESC LIMIT 1",
        (event.run_id,),
    ).fetchone()
    db.execute(
        "INSERT INTO build (seq, run_id, artifact_id, at, recipe, record) VALUES (?, ?, ?, ?, ?, ?)",
        (
            seq,
            event.run_id,
            str(artifact.get("id", "")),
            event.at,
            None if recipe is None else dump(json.loads(recipe[0]).get("recipe")),
            dump(record),
        ),
    )


def _run_finished(db: sqlite3.Connection, event: Event, seq: int) -> None:
    usage = event.data.get("usage")
    # The closing sum replaces what the single answers added up to; a killed run keeps those.
    if isinstance(usage, Mapping):
        db.execute(
            "UPDATE run SET prompt_tokens = ?, completion_tokens = ?, cached_tokens = ?, "
            "model_seconds = ? WHERE id = ?",
            (*_usage(usage), event.run_id),
        )
    db.execute(
        "UPDATE run SET status = ?, seconds = ?, finished = ? WHERE id = ?",
        (
            str(event.data.get("status", "done")),
            float(event.data.get("seconds") or 0.0),
            event.at,
            event.run_id,
        ),
    )
    progress.forget(db, event.run_id)


_WRITERS = {
    "run_started": _run_started,
    "answer": _answer,
    "candidate": _candidate,
    "trial": _trial,
    "selection": _selection,
    "accepted": _accepted,
    "build_started": _build_started,
    "built": _built,
    "run_finished": _run_finished,
}


# ---------------------------------------------------------------- search index


def index_run(db: sqlite3.Connection, run_id: str) -> None:
    """Write the run's search document anew and take it off the stale list."""
    db.execute("DELETE FROM stale WHERE run_id = ?", (run_id,))
    row = db.execute(
        "SELECT seq, name, request, model_name, notebook, status FROM run WHERE id = ?", (run_id,)
    ).fetchone()
    if row is None:
        return
    seq, name, request, model, notebook, status = row
    codes = db.execute("SELECT code FROM candidate WHERE run_id = ?", (run_id,))
    code = "\n".join(dict.fromkeys(c[0] for c in codes))
    verdicts = [v[0] for v in db.execute("SELECT DISTINCT verdict FROM trial WHERE run_id = ?", (run_id,))]
    db.execute("DELETE FROM search WHERE rowid = ?", (seq,))
    db.execute(
        "INSERT INTO search (rowid, name, request, code, verdict, model, notebook) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (seq, name, request, code, " ".join([*verdicts, status]), model, notebook),
    )


def index_stale(db: sqlite3.Connection) -> int:
    """Index every run on the stale list, within the caller's transaction; returns how many."""
    rows = db.execute("SELECT run_id FROM stale").fetchall()
    for (run_id,) in rows:
        index_run(db, run_id)
    return len(rows)
