"""How far the answers of a running run are: a row while it runs, none when it has ended.

Tokens come by the hundred a second: they are counted in memory, and the sum is stored now and then.
"""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass

from jupyter_julia_aot.records import Event

STORE_SECONDS = 0.5
"""Between two stores of one run, at least."""

STALE_SECONDS = 86_400.0
"""A row that nobody has touched for so long is of a process that died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """Tokens written so far, and the seconds in which at least one answer was being written."""

    run_id: str
    tokens: int
    seconds: float


class Counter:
    """Counts the tokens of one run by its ``token`` and ``answer`` events."""

    def __init__(self) -> None:
        self._finished = 0
        self._written: dict[int, int] = {}  # pieces of the answers that are being written
        self._seconds = 0.0
        self._last: float | None = None
        self._store_at = 0.0

    def add(self, event: Event) -> bool:
        """Take in one event; whether it is time to :meth:`store` the sum."""
        now = time.monotonic()
        index = int(event.data.get("index") or 0)
        if self._written and self._last is not None:
            self._seconds += now - self._last
        self._last = now
        if event.kind == "token":
            self._written[index] = self._written.get(index, 0) + 1
        else:
            pieces = self._written.pop(index, 0)
            # The server's own count: a piece may hold more than one token.
            self._finished += int((event.data.get("usage") or {}).get("completion_tokens") or pieces)
        # The first token at once: it tells that the model has read the prompt.
        return event.kind != "token" or now >= self._store_at

    def store(self, db: sqlite3.Connection, run_id: str) -> None:
        """Write the sum. ``db`` is in autocommit mode."""
        db.execute(
            "INSERT INTO progress (run_id, tokens, seconds, at) VALUES (?, ?, ?, ?) ON CONFLICT (run_id) "
            "DO UPDATE SET tokens = excluded.tokens, seconds = excluded.seconds, at = excluded.at",
            (run_id, self._finished + sum(self._written.values()), self._seconds, time.time()),
        )
        self._store_at = time.monotonic() + STORE_SECONDS


def read(db: sqlite3.Connection) -> tuple[RunProgress, ...]:
    """The rows of all runs."""
    rows = db.execute("SELECT run_id, tokens, seconds FROM progress")
    return tuple(RunProgress(run_id=r[0], tokens=r[1], seconds=r[2]) for r in rows)


def forget(db: sqlite3.Connection, run_id: str) -> None:
    """Remove the row of a run that ended or was deleted, and those of processes that died."""
    db.execute("DELETE FROM progress WHERE run_id = ? OR at < ?", (run_id, time.time() - STALE_SECONDS))
