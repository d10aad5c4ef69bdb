"""The history database: writing events, reading them back.

Any number of kernels may hold one open (see :mod:`~jupyter_julia_aot.history.connection`). A kernel
that is killed leaves the last finished transaction.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_julia_aot.errors import HistoryError
from jupyter_julia_aot.history import progress, query, spill, views
from jupyter_julia_aot.history.connection import Connection
from jupyter_julia_aot.history.progress import RunProgress
from jupyter_julia_aot.history.projection import apply_event, dump, index_stale
from jupyter_julia_aot.history.views import BuildEntry, CandidateEntry, Change, RunDetail, RunSummary
from jupyter_julia_aot.records import Event, ModelInfo, Prompt, Sampling, Selection
from jupyter_julia_aot.settings import data_dir

if TYPE_CHECKING:
    from jupyter_julia_aot.history.costs import Ledger

FILE_NAME = "history.sqlite3"


def default_path() -> Path:
    """Where the history lives unless told otherwise."""
    return data_dir() / FILE_NAME


class History:
    """One connection to the history; safe to use from several threads.

    ``notebook`` and ``kernel`` name where recorded runs came from, unless a ``run_started``
    event brings its own. Opening touches no file: the database is created on first use.

    A disk that is full or read-only never stops the work: :meth:`record` keeps the events in
    memory, sets :attr:`problem` and tries again with later ones. Reading, :meth:`flush` and
    :meth:`close` raise :class:`~jupyter_julia_aot.errors.HistoryError`.
    """

    def __init__(self, path: Path | None = None, *, notebook: str = "", kernel: str = "") -> None:
        self.path = Path(path) if path is not None else default_path()
        self.notebook = notebook or os.environ.get("JPY_SESSION_NAME", "")
        self.kernel = kernel or f"pid {os.getpid()}"
        self._connection = Connection(self.path)
        self._pending: list[Event] = []
        self._problem: HistoryError | None = None
        self._retry_at = 0.0
        self._counters: dict[str, progress.Counter] = {}

    # ------------------------------------------------------------ writing

    @property
    def problem(self) -> HistoryError | None:
        """Why events are waiting in memory, or ``None`` when all are stored."""
        return self._problem

    @property
    def waiting(self) -> int:
        """How many recorded events are not stored yet."""
        return len(self._pending)

    def record(self, event: Event) -> bool:
        """Store ``event``; of ``token`` events only how many there were (:meth:`progress`), for the
        time of the run. Never raises for a storage fault.

        Returns whether everything recorded so far is on disk; if not, see :attr:`problem`.
        """
        if event.kind == "token":
            self._count(event)
            return not self._pending
        if event.kind == "run_finished":
            self._counters.pop(event.run_id, None)
        with self._connection.lock:
            self._pending.append(event)
            began = time.monotonic()
            if self._problem is not None and began < self._retry_at:
                return False
            try:
                self.flush()
            except HistoryError as error:
                self._problem = error
                # A lock is waited for long: not with every single event.
                self._retry_at = time.monotonic() + max(1.0, 2 * (time.monotonic() - began))
                return False
            except Exception:
                # An event that is no event: its maker's fault, and the next ones must not suffer.
                self._pending.remove(event)
                raise
        if event.kind == "answer":
            self._count(event)
        return True

    def _count(self, event: Event) -> None:
        """Count a token, and store the sum when it is time to and possible without waiting: the
        answer must not stand still because somebody else is writing."""
        counter = self._counters.setdefault(event.run_id, progress.Counter())
        if counter.add(event) and not self._pending:
            self._connection.write_if_free(lambda db: counter.store(db, event.run_id))

    def flush(self) -> None:
        """Store the waiting events, all or none. Raises :class:`HistoryError`."""
        with self._connection.lock:
            if not self._pending:
                return
            with self._connection.write() as db:
                for event in self._pending:
                    apply_event(db, event, self.notebook, self.kernel)
            self._pending.clear()
            self._problem = None

    def star(self, run_id: str, starred: bool = True) -> None:
        """Mark a run, or take the mark away. Raises :class:`HistoryError` for an unknown id."""
        with self._connection.write() as db:
            cursor = db.execute("UPDATE run SET starred = ? WHERE id = ?", (int(starred), run_id))
            if not cursor.rowcount:
                raise _unknown("run", run_id)
            _log(db, run_id, "starred" if starred else "unstarred")

    def delete(self, run_id: str) -> None:
        """Delete a run with its candidates, trials, builds and log; artifacts stay on disk.

        Raises :class:`HistoryError` for an unknown id.
        """
        with self._connection.write() as db:
            row = db.execute("SELECT seq FROM run WHERE id = ?", (run_id,)).fetchone()
            if row is None:
                raise _unknown("run", run_id)
            db.execute("DELETE FROM search WHERE rowid = ?", row)
            db.execute("DELETE FROM run WHERE id = ?", (run_id,))
            db.execute("DELETE FROM candidate WHERE run_id = ?", (run_id,))
            db.execute("DELETE FROM trial WHERE run_id = ?", (run_id,))
            db.execute("DELETE FROM build WHERE run_id = ?", (run_id,))
            db.execute("DELETE FROM event WHERE run_id = ?", (run_id,))
            db.execute("DELETE FROM stale WHERE run_id = ?", (run_id,))
            progress.forget(db, run_id)
            _log(db, run_id, "deleted")

    def recover(self, spilled: Path) -> int:
        """Store the events of a file that :meth:`close` had to write; returns how many."""
        events = spill.read(spilled)
        with self._connection.write() as db:
            for event in events:
                apply_event(db, event, self.notebook, self.kernel)
        return len(events)

    def close(self) -> None:
        """Close the connection; using the history again reopens it.

        Events that cannot be stored are written to a file in the temporary directory and
        :class:`HistoryError` names it.
        """
        with self._connection.lock:
            try:
                self.flush()
            except HistoryError as error:
                raise self._spilled(error) from error
            finally:
                self._connection.close()

    def _spilled(self, error: HistoryError) -> HistoryError:
        """Put the waiting events into a file; what to tell the user about it."""
        count = len(self._pending)
        what = f"{count} events could not be stored in {self.path} ({error.message})"
        try:
            kept = spill.write(self._pending)
        except OSError as problem:
            return HistoryError(
                f"{what}, nor in the temporary directory ({problem.strerror}): they are lost",
                remedy=error.remedy,
            )
        finally:
            self._pending.clear()
        return HistoryError(
            f"{what}; they are kept in {kept}",
            remedy=f"{error.remedy}; then: jupyter julia-aot history --recover {kept}",
        )

    def __enter__(self) -> History:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # ------------------------------------------------------------ reading

    def runs(
        self, limit: int = 50, offset: int = 0, search: str = "", *, starred: bool = False
    ) -> tuple[RunSummary, ...]:
        """Runs, newest first. ``search``: see :func:`jupyter_julia_aot.history.query.conditions`."""
        where, parameters, indexed = query.conditions(search, starred)
        if indexed:
            self._refresh_index()
        source, order = _source(indexed)
        statement = (
            f"SELECT {views.SUMMARY_COLUMNS} FROM {source} {where} "  # noqa: S608 - parts are ours
            f"ORDER BY {order} DESC LIMIT ? OFFSET ?"
        )
        with self._connection.read() as db:
            rows = db.execute(statement, (*parameters, limit, offset))
            return tuple(views.summary(row) for row in rows)

    def count(self, search: str = "", *, starred: bool = False) -> int:
        """How many runs :meth:`runs` would give without a limit."""
        where, parameters, indexed = query.conditions(search, starred)
        if indexed:
            self._refresh_index()
        # Without other conditions the index alone knows; joining 50,000 rows would cost 10 × more.
        source = "search" if where == "WHERE search MATCH ?" else _source(indexed)[0]
        with self._connection.read() as db:
            row = db.execute(f"SELECT count(*) FROM {source} {where}", parameters).fetchone()  # noqa: S608
            return int(row[0])

    def run(self, run_id: str) -> RunDetail:
        """Everything of one run. Raises :class:`HistoryError` for an unknown id."""
        with self._connection.read() as db:
            row = db.execute(
                f"SELECT {views.SUMMARY_COLUMNS}, prompt, sampling, model FROM run WHERE id = ?",  # noqa: S608
                (run_id,),
            ).fetchone()
            if row is None:
                raise _unknown("run", run_id)
            *columns, prompt, sampling, model = row
            lost: list[str] = []
            lost_builds: list[str] = []
            return RunDetail(
                summary=views.summary(tuple(columns)),
                prompt=views.read(Prompt, prompt, "prompt", lost),
                sampling=views.read(Sampling, sampling, "sampling", lost),
                model=_model(model, lost),
                candidates=views.candidates_of(db, run_id, lost),
                selection=views.read(Selection, columns[14], "selection", lost),
                builds=views.builds_of(
                    db, "WHERE build.run_id = ? ORDER BY build.seq", (run_id,), lost_builds
                ),
                events=views.events_of(db, run_id, lost),
                unreadable=tuple(dict.fromkeys([*lost, *(f"build {b}" for b in lost_builds)])),
            )

    def candidate(self, candidate_id: str) -> CandidateEntry:
        """A candidate by its id, or by the beginning of it when only one starts so.

        Raises :class:`HistoryError` when there is none, or more than one.
        """
        with self._connection.read() as db:
            rows = db.execute(
                "SELECT id, run_id FROM candidate WHERE id = ? "
                "UNION SELECT id, run_id FROM candidate WHERE substr(id, 1, length(?)) = ? LIMIT 3",
                (candidate_id, candidate_id, candidate_id),
            ).fetchall()
            exact = [r for r in rows if r[0] == candidate_id] or rows
            if not exact or not candidate_id:
                raise _unknown("candidate", candidate_id)
            if len(exact) > 1:
                raise HistoryError(
                    f"more than one candidate starts with {candidate_id!r}", remedy="give more of the id"
                )
            found, run_id = exact[0]
            for entry in views.candidates_of(db, run_id, []):
                if entry.candidate.id == found:
                    return entry
        raise HistoryError(
            f"candidate {found} was written by a newer version", remedy="update jupyter_julia_aot"
        )

    def builds(self, limit: int = 50) -> tuple[BuildEntry, ...]:
        """Builds that ended well, newest first, of the newest ``limit`` (-1: of all).

        Those that only a newer version can read are left out; see :meth:`unreadable_builds`.
        """
        with self._connection.read() as db:
            return views.builds_of(db, "ORDER BY build.seq DESC LIMIT ?", (limit,), [])

    def unreadable_builds(self) -> tuple[str, ...]:
        """Ids of builds that a newer version wrote, newest first."""
        lost: list[str] = []
        with self._connection.read() as db:
            views.builds_of(db, "ORDER BY build.seq DESC", (), lost)
        return tuple(dict.fromkeys(lost))

    def changes(self, since: int = 0, limit: int = 1000) -> tuple[Change, ...]:
        """Log entries after number ``since``, oldest first; ask on with the last ``seq``."""
        with self._connection.read() as db:
            rows = db.execute(
                "SELECT seq, run_id, kind, at, data FROM event WHERE seq > ? ORDER BY seq LIMIT ?",
                (since, limit),
            ).fetchall()
            return tuple(
                Change(
                    seq=seq,
                    run_id=run_id,
                    kind=kind,
                    at=at,
                    data=views.change_data(db, seq, run_id, kind, data),
                )
                for seq, run_id, kind, at, data in rows
            )

    def last_change(self) -> int:
        """The newest log number, 0 for an empty history. Cheap enough to ask ten times a second."""
        with self._connection.read() as db:
            return int(db.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0])

    def progress(self) -> tuple[RunProgress, ...]:
        """How far the answers of running runs are; those whose process died may be among them."""
        with self._connection.read() as db:
            return progress.read(db)

    def ledger(self, since: float = 0.0) -> Ledger:
        """Tokens, energy and money since a moment: :func:`jupyter_julia_aot.history.costs.ledger`."""
        from jupyter_julia_aot.history.costs import ledger

        return ledger(self, since)

    def rows(self, statement: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Rows of a ``SELECT`` (for the ledger and the corpus export, which live beside this)."""
        with self._connection.read() as db:
            return db.execute(statement, parameters).fetchall()

    def _refresh_index(self) -> None:
        with self._connection.lock:
            with self._connection.read() as db:
                stale = db.execute("SELECT 1 FROM stale LIMIT 1").fetchone()
            if stale is None:
                return
            try:
                with self._connection.write() as db:
                    index_stale(db)
            except HistoryError:
                # A read-only history is still searchable, only without the newest code.
                return


def _source(indexed: bool) -> tuple[str, str]:
    """Tables to read runs from, and the column that is newest last."""
    if indexed:
        return "search JOIN run ON run.seq = search.rowid", "search.rowid"
    return "run", "run.seq"


def _model(text: str | None, unreadable: list[str]) -> ModelInfo | None:
    # A model that was only named is in the summary.
    named_only = text is None or not isinstance(json.loads(text), dict)
    return None if named_only else views.read(ModelInfo, text, "model", unreadable)


def _log(db: sqlite3.Connection, run_id: str, kind: str) -> None:
    db.execute(
        "INSERT INTO event (run_id, kind, at, data) VALUES (?, ?, ?, ?)",
        (run_id, kind, time.time(), dump({})),
    )


def _unknown(what: str, wanted: str) -> HistoryError:
    return HistoryError(
        f"no {what} {wanted!r} in the history", remedy="see %julia history, or `jupyter julia-aot history`"
    )
