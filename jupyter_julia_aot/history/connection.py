"""One connection to the database of the history, opened when it is first needed.

SQLite's write-ahead log keeps readers and the one writer apart; writers queue for up to
:data:`BUSY_SECONDS`. What SQLite and the operating system say becomes a ``HistoryError``.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jupyter_julia_aot.errors import HistoryError
from jupyter_julia_aot.history.migrations import migrate

BUSY_SECONDS = 30.0


class Connection:
    """Safe to use from several threads: ``lock`` is held while one of them reads or writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()
        self._db: sqlite3.Connection | None = None

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """The database, to read from. Raises :class:`HistoryError`."""
        with self.lock, _translated(self.path, "read"):
            yield self._connect()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """The database within a transaction that ends well or not at all. Raises :class:`HistoryError`."""
        with self.lock, _translated(self.path, "write"):
            db = self._connect()
            # IMMEDIATE takes the write lock first: an upgrade from a read lock could not wait.
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def write_if_free(self, write: Callable[[sqlite3.Connection], None]) -> None:
        """One statement, if the database is open and nobody else is at it: it waits for nothing. On a
        database that is locked or full, ``write`` ends in the middle."""
        if not self.lock.acquire(blocking=False):
            return
        try:
            if self._db is None:
                return
            self._db.execute("PRAGMA busy_timeout = 0")
            try:
                with suppress(sqlite3.Error):
                    write(self._db)
            finally:
                self._db.execute(f"PRAGMA busy_timeout = {1000 * BUSY_SECONDS:.0f}")
        finally:
            self.lock.release()

    def close(self) -> None:
        """Close it; using it again opens it."""
        with self.lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def _connect(self) -> sqlite3.Connection:
        if self._db is not None:
            return self._db
        self.path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _use_wal(db)
            # With WAL, NORMAL loses nothing when a process dies; only a power cut may take the last
            # transactions, and never the database.
            db.execute("PRAGMA synchronous = NORMAL")
            migrate(db)
        except BaseException:
            db.close()
            raise
        self._db = db
        return db


def _use_wal(db: sqlite3.Connection) -> None:
    """Switch to the write-ahead log. SQLite answers "locked" at once, without waiting, when two
    connections switch at the same moment (two kernels started together): the wait is ours."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(0.02)


@contextmanager
def _translated(path: Path, doing: str) -> Iterator[None]:
    """Turn what SQLite and the operating system say into one :class:`HistoryError`."""
    try:
        yield
    except sqlite3.Error as error:
        raise HistoryError(f"cannot {doing} the history {path}: {error}", remedy=_remedy(error)) from error
    except OSError as error:
        raise HistoryError(
            f"cannot {doing} the history {path}: {error.strerror or error}",
            remedy="set JULIA_AOT_DATA_DIR to a directory you can write to",
        ) from error
    except ValueError as error:
        if "unknown migration" not in str(error):
            raise
        raise HistoryError(
            f"the history {path} was written by a newer version ({error})",
            remedy="update jupyter_julia_aot, or set JULIA_AOT_DATA_DIR to another directory",
        ) from error


_REMEDIES: tuple[tuple[str, str], ...] = (
    ("full", "free some disk space, or set JULIA_AOT_DATA_DIR to another disk"),
    ("disk i/o", "check the disk and its free space, or set JULIA_AOT_DATA_DIR to another disk"),
    ("readonly", "make the file writable, or set JULIA_AOT_DATA_DIR to a directory you can write to"),
    ("unable to open", "set JULIA_AOT_DATA_DIR to a directory you can write to"),
    ("locked", "another process holds it; stop that process or try again"),
    ("not a database", "move that file away; a new history is then started"),
    ("malformed", "move that file away; a new history is then started"),
)


def _remedy(error: sqlite3.Error) -> str:
    said = str(error).lower()
    default = "set JULIA_AOT_DATA_DIR to another directory"
    return next((remedy for key, remedy in _REMEDIES if key in said), default)
