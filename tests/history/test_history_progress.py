"""Tokens of a run while it runs: counted by its kernel, read by others, and never in the way."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from jupyter_julia_aot.history import History, progress
from jupyter_julia_aot.history.connection import BUSY_SECONDS
from jupyter_julia_aot.records import Usage, new_id
from tests.history.makers import event, run_events


@pytest.fixture(autouse=True)
def every_token_is_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "STORE_SECONDS", 0.0)


def test_tokens_are_told_as_they_come_and_forgotten_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite3"
    run_id = new_id()
    with History(path) as kernel, History(path) as panel:
        began = time.monotonic()
        kernel.record(event(run_id, "run_started"))
        assert panel.progress() == ()
        for index in (0, 1, 0):
            kernel.record(event(run_id, "token", index=index, text="x"))
        (told,) = panel.progress()
        assert (told.run_id, told.tokens) == (run_id, 3)
        usage = Usage(completion_tokens=40, seconds=1)
        kernel.record(event(run_id, "answer", index=0, finish_reason="stop", usage=usage))
        (told,) = panel.progress()
        assert told.tokens == 41, "the server's count for the whole answer, one piece of the other"
        kernel.record(event(run_id, "answer", index=1, finish_reason="stop", usage=Usage()))
        (told,) = panel.progress()
        assert told.tokens == 41, "a server that counts nothing: pieces"
        assert 0 < told.seconds <= time.monotonic() - began
        at_rest = told.seconds
        # Nothing was being written meanwhile: that time is the model's reading, or trials.
        kernel.record(event(run_id, "token", index=2, text="x"))
        assert panel.progress()[0].seconds == at_rest
        kernel.record(event(run_id, "run_finished", status="done", seconds=1.0))
        assert panel.progress() == ()
        assert "token" not in {e.kind for e in panel.run(run_id).events}


def test_another_writer_does_not_hold_up_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite3"
    run_id = new_id()
    with History(path) as history:
        history.record(event(run_id, "run_started"))
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        for _ in range(20):
            assert history.record(event(run_id, "token", index=0, text="x"))
        assert time.monotonic() - began < BUSY_SECONDS / 2
        assert history.progress() == ()
        other.execute("COMMIT")
        other.close()
        history.record(event(run_id, "token", index=0, text="x"))
        assert history.progress()[0].tokens == 21, "what could not be stored then was counted"
        assert history.rows("PRAGMA busy_timeout") == [(1000 * BUSY_SECONDS,)], "other events do wait"


def test_what_dead_and_deleted_runs_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dead, deleted = new_id(), new_id()
    with History(tmp_path / "h.sqlite3") as history:
        for run_id in (dead, deleted):
            history.record(event(run_id, "run_started"))
            history.record(event(run_id, "token", index=0, text="x"))
        history.delete(deleted)
        assert [p.run_id for p in history.progress()] == [dead]
        monkeypatch.setattr(progress, "STALE_SECONDS", -1.0)
        for later in run_events():
            history.record(later)
        assert history.progress() == ()
