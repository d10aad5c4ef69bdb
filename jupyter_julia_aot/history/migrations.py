"""The schema, as a list of named steps. A step that was applied is never edited: add another.

The name of each applied step is stored in the table ``migration``; opening a database applies
the missing ones in order, in one transaction, so a killed upgrade leaves the old schema.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

Migration = Callable[[sqlite3.Connection], None]

_INITIAL = (
    # One row per generation, trial or build that a face started.
    """
    CREATE TABLE run (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL DEFAULT 'generate',
        name TEXT NOT NULL DEFAULT '',
        request TEXT NOT NULL DEFAULT '',
        prompt TEXT,
        sampling TEXT,
        model TEXT,
        model_name TEXT NOT NULL DEFAULT '',
        notebook TEXT NOT NULL DEFAULT '',
        kernel TEXT NOT NULL DEFAULT '',
        started REAL NOT NULL,
        finished REAL,
        status TEXT NOT NULL DEFAULT 'running',
        seconds REAL NOT NULL DEFAULT 0,
        verdict TEXT,
        candidates INTEGER NOT NULL DEFAULT 0,
        passed INTEGER NOT NULL DEFAULT 0,
        selection TEXT,
        accepted TEXT,
        prompt_tokens INTEGER NOT NULL DEFAULT 0,
        completion_tokens INTEGER NOT NULL DEFAULT 0,
        cached_tokens INTEGER NOT NULL DEFAULT 0,
        model_seconds REAL NOT NULL DEFAULT 0
    )
    """,
    "CREATE INDEX run_started ON run (started)",
    """
    CREATE TABLE candidate (
        id TEXT PRIMARY KEY,
        run_id TEXT NOT NULL,
        at REAL NOT NULL,
        code TEXT NOT NULL,
        record TEXT NOT NULL
    )
    """,
    "CREATE INDEX candidate_run ON candidate (run_id)",
    """
    CREATE TABLE trial (
        seq INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL,
        candidate_id TEXT NOT NULL,
        verdict TEXT NOT NULL,
        record TEXT NOT NULL
    )
    """,
    "CREATE INDEX trial_candidate ON trial (candidate_id)",
    "CREATE INDEX trial_run ON trial (run_id)",
    """
    CREATE TABLE build (
        seq INTEGER PRIMARY KEY,
        run_id TEXT NOT NULL,
        artifact_id TEXT NOT NULL,
        at REAL NOT NULL,
        recipe TEXT,
        record TEXT NOT NULL
    )
    """,
    "CREATE INDEX build_run ON build (run_id)",
    # The log. AUTOINCREMENT: a number is never used twice, so "changes since N" misses nothing.
    """
    CREATE TABLE event (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        at REAL NOT NULL,
        data TEXT
    )
    """,
    "CREATE INDEX event_run ON event (run_id)",
)


def m001_initial(db: sqlite3.Connection) -> None:
    """Runs, candidates, trials, builds and the log of events."""
    for statement in _INITIAL:
        db.execute(statement)


def m002_search(db: sqlite3.Connection) -> None:
    """A full-text index, one document per run, and the list of runs to index again."""
    db.execute(
        "CREATE VIRTUAL TABLE search USING fts5 "
        "(name, request, code, verdict, model, notebook, tokenize = 'unicode61', prefix = '2 3')"
    )
    db.execute("CREATE TABLE stale (run_id TEXT PRIMARY KEY) WITHOUT ROWID")
    db.execute("INSERT INTO stale SELECT id FROM run")


def m003_stars(db: sqlite3.Connection) -> None:
    """Runs can be starred."""
    db.execute("ALTER TABLE run ADD COLUMN starred INTEGER NOT NULL DEFAULT 0")
    db.execute("CREATE INDEX run_starred ON run (starred) WHERE starred = 1")


def m004_progress(db: sqlite3.Connection) -> None:
    """Tokens so far of the runs that are running."""
    db.execute(
        "CREATE TABLE progress (run_id TEXT PRIMARY KEY, tokens INTEGER NOT NULL, "
        "seconds REAL NOT NULL, at REAL NOT NULL) WITHOUT ROWID"
    )


MIGRATIONS: tuple[Migration, ...] = (m001_initial, m002_search, m003_stars, m004_progress)


def applied(db: sqlite3.Connection) -> tuple[str, ...]:
    """Names of the steps this database has, in the order they were applied."""
    exists = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'migration'").fetchone()
    if exists is None:
        return ()
    return tuple(row[0] for row in db.execute("SELECT name FROM migration ORDER BY rowid"))


def migrate(db: sqlite3.Connection, migrations: tuple[Migration, ...] = MIGRATIONS) -> tuple[str, ...]:
    """Apply the missing steps; returns their names.

    Raises ``ValueError`` naming a step that this version does not know (a newer one wrote it).
    ``db`` must be in autocommit mode (``isolation_level=None``).
    """
    known = {m.__name__ for m in MIGRATIONS}
    missing = _missing(db, migrations, known)
    if not missing:
        return ()
    db.execute("BEGIN IMMEDIATE")
    try:
        # Asked again under the lock: another kernel may have just done it.
        missing = _missing(db, migrations, known)
        db.execute("CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, at REAL NOT NULL)")
        for migration in missing:
            migration(db)
            db.execute("INSERT INTO migration VALUES (?, ?)", (migration.__name__, time.time()))
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    return tuple(m.__name__ for m in missing)


def _missing(
    db: sqlite3.Connection, migrations: tuple[Migration, ...], known: set[str]
) -> tuple[Migration, ...]:
    have = applied(db)
    unknown = [name for name in have if name not in known]
    if unknown:
        raise ValueError(f"unknown migration {unknown[0]!r}")
    return tuple(m for m in migrations if m.__name__ not in have)
