"""Two kernels at once, killed kernels, full and read-only disks, old, new and broken files."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from jupyter_julia_aot.errors import HistoryError
from jupyter_julia_aot.history import History, left_out
from jupyter_julia_aot.history.migrations import MIGRATIONS, applied, m001_initial, migrate
from jupyter_julia_aot.records import Artifact, Event, new_id, to_json
from tests.history.makers import event, run_events, trial

ROOT = Path(__file__).resolve().parents[2]

WRITER = """
import sys
from pathlib import Path
from jupyter_julia_aot.history import History, left_out
from tests.history.makers import run_events

history = History(Path(sys.argv[1]), kernel=sys.argv[2])
number = 0
while number < int(sys.argv[3]):
    for event in run_events(f"f{number}"):
        assert history.record(event), history.problem
    number += 1
    print(number, flush=True)
history.close()
"""


def writer(path: Path, name: str, runs: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(runs)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_kernels_writing_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite3"
    writers = [writer(path, f"k{i}", 60) for i in range(2)]
    for process in writers:
        process.communicate(timeout=600)
    assert [process.returncode for process in writers] == [0, 0]
    history = History(path)
    for kernel in ("k0", "k1"):
        runs = [r for r in history.runs(limit=500) if r.kernel == kernel]
        assert [r.name for r in runs] == [f"f{i}" for i in reversed(range(60))]
        assert all(r.status == "done" and r.candidates == 2 and r.passed == 1 for r in runs)
    changes = history.changes(limit=10_000)
    assert len(changes) == 2 * 60 * 9
    assert len({c.seq for c in changes}) == len(changes)


def test_kernels_that_start_at_the_same_moment_all_record(tmp_path: Path) -> None:
    # SQLite does not wait when two connections switch to the write-ahead log together.
    problems: list[object] = []

    def start(path: Path, name: str, together: threading.Barrier) -> None:
        history = History(path, kernel=name)
        together.wait()
        stored = [history.record(one) for one in run_events(name)]
        problems.extend([] if all(stored) else [history.problem])
        history.close()

    for attempt in range(20):
        together = threading.Barrier(4)
        path = tmp_path / f"{attempt}.sqlite3"
        kernels = [threading.Thread(target=start, args=(path, f"k{i}", together)) for i in range(4)]
        for kernel in kernels:
            kernel.start()
        for kernel in kernels:
            kernel.join()
        with History(path) as history:
            assert history.count() == 4
    assert problems == []


def test_a_killed_kernel_leaves_a_readable_history(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite3"
    process = writer(path, "k", 100_000)
    assert process.stdout is not None
    told = 0
    while told < 10:
        told = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().split()
    process.wait(timeout=300)
    process.stdout.close()
    told = int(rest[-1]) if rest else told
    with History(path) as history:
        assert history.rows("PRAGMA integrity_check") == [("ok",)]
        done = [r for r in history.runs(limit=10_000) if r.status == "done"]
        assert len(done) >= told, "every run whose end was announced is there"
        assert history.record(event("next", "warning", message="goes on"))


@pytest.mark.parametrize("steps", range(len(MIGRATIONS)))
def test_an_old_schema_is_upgraded_and_keeps_its_rows(tmp_path: Path, steps: int) -> None:
    path = tmp_path / "h.sqlite3"
    db = sqlite3.connect(path, isolation_level=None)
    assert migrate(db, MIGRATIONS[: steps + 1]) == tuple(m.__name__ for m in MIGRATIONS[: steps + 1])
    db.execute("INSERT INTO run (id, name, started) VALUES ('old', 'oldname', 5.0)")
    db.execute(
        "INSERT INTO candidate VALUES ('c1', 'old', 5.0, 'ancient() = 1', "
        '\'{"id":"c1","name":"ancient","code":"ancient() = 1","origin":"user"}\')'
    )
    if steps:
        db.execute("INSERT INTO stale VALUES ('old')")
    db.close()
    with History(path) as history:
        assert [r.name for r in history.runs(search="ancient")] == ["oldname"]
        assert history.candidate("c1").candidate.code == "ancient() = 1"
        history.star("old")
        assert history.runs(starred=True)[0].id == "old"
    db = sqlite3.connect(path)
    assert applied(db) == tuple(m.__name__ for m in MIGRATIONS)
    db.close()


def test_a_failed_upgrade_leaves_the_old_schema(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "h.sqlite3", isolation_level=None)
    migrate(db, (m001_initial,))

    def m002_search(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE half (x)")
        db.execute("nonsense")

    with pytest.raises(sqlite3.OperationalError):
        migrate(db, (m001_initial, m002_search))
    assert applied(db) == ("m001_initial",)
    assert db.execute("SELECT 1 FROM sqlite_master WHERE name = 'half'").fetchone() is None
    db.close()


def test_a_history_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite3"
    with History(path) as history:
        history.runs()
    db = sqlite3.connect(path)
    db.execute("INSERT INTO migration VALUES ('m999_future', 0)")
    db.commit()
    db.close()
    with pytest.raises(HistoryError, match=r"newer version.*m999_future") as caught:
        History(path).runs()
    assert "update" in caught.value.remedy


def test_a_record_of_a_newer_version_costs_only_itself(tmp_path: Path) -> None:
    with History(tmp_path / "h.sqlite3") as history:
        ids = []
        for artifact_id in ("old1", "new1", "new2", "old2"):
            run_id = new_id()
            artifact = to_json(Artifact(id=artifact_id, kind="exe", name="f", path="f", sha256="00", bytes=5))
            if artifact_id.startswith("new"):
                artifact["signed_by"] = "somebody"  # a field of a later version
            history.record(event(run_id, "built", result={"artifact": artifact}))
            ids.append(run_id)
        assert [b.result.artifact.id for b in history.builds()] == ["old2", "old1"]
        assert history.unreadable_builds() == ("new2", "new1")
        assert "2 builds were" in left_out(history.unreadable_builds())
        assert left_out(()) == ""
        assert history.run(ids[1]).unreadable == ("build new1",)
        assert history.run(ids[0]).unreadable == ()
        run_id = ""
        for made in run_events():
            run_id = made.run_id
            assert history.record(made)
        first, second = (c.candidate for c in history.run(run_id).candidates)
        newer = {**to_json(trial(second, "passed")), "verdict": "proven"}
        history.record(event(run_id, "trial", trial=newer))
        history.record(
            event("other", "candidate", candidate={**to_json(first), "id": "c9", "origin": "oracle"})
        )
        detail = history.run(run_id)
        assert [[t.verdict for t in c.trials] for c in detail.candidates] == [["failed"], ["passed"]]
        assert detail.unreadable == (f"trial of candidate {second.id}",)
        assert history.run("other").candidates == ()
        with pytest.raises(HistoryError, match="c9 was written by a newer version"):
            history.candidate("c9")


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite3"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(HistoryError, match=r"h\.sqlite3.*not a database") as caught:
        History(path).runs()
    assert "move that file away" in caught.value.remedy


def test_no_place_to_write_keeps_the_work_in_memory_then_in_a_file(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    history = History(blocker / "sub" / "h.sqlite3")
    events = [e for e in run_events() if e.kind != "token"]
    for item in events:
        assert not history.record(item)
    assert history.waiting == len(events)
    assert history.problem is not None
    assert "JULIA_AOT_DATA_DIR" in history.problem.remedy
    with pytest.raises(HistoryError):
        history.runs()
    with pytest.raises(HistoryError, match="kept in") as caught:
        history.close()
    kept = Path(caught.value.message.split("kept in ")[1])
    try:
        with History(tmp_path / "good.sqlite3") as other:
            assert other.recover(kept) == len(events)
            assert other.runs()[0].passed == 1
            kept.write_text('{"run_id": 1}\n')
            with pytest.raises(HistoryError, match="line 1 is no event"):
                other.recover(kept)
    finally:
        kept.unlink()


def test_events_are_stored_once_the_place_is_writable_again(tmp_path: Path) -> None:
    blocker = tmp_path / "dir"
    blocker.write_text("")
    history = History(blocker / "h.sqlite3")
    events = [e for e in run_events() if e.kind != "token"]
    for item in events:
        assert not history.record(item)
    blocker.unlink()
    history.flush()
    assert (history.waiting, history.problem) == (0, None)
    assert history.runs()[0].status == "done"
    history.close()


def test_a_read_only_directory(read_only: Path) -> None:
    history = History(read_only / "h.sqlite3")
    assert not history.record(event("r", "warning", message="x"))
    assert "JULIA_AOT_DATA_DIR" in str(history.problem)
    assert history.waiting == 1, "kept in memory"


FULL = """
import json, resource, signal, sys
from pathlib import Path
from jupyter_julia_aot.history import History, left_out
from tests.history.makers import run_events

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
history = History(Path(sys.argv[1]))
history.runs()
size = Path(sys.argv[1]).stat().st_size
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 200_000, hard))
stored = all([history.record(e) for n in range(300) for e in run_events(f"f{n}")])
said = str(history.problem)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
waiting = history.waiting
history.flush()
print(json.dumps({"stored": stored, "said": said, "waiting": waiting, "runs": history.count()}))
history.close()
"""


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    # The largest file a process may write is limited: writes then fail as on a full disk.
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "h.sqlite3")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert not said["stored"]
    assert said["waiting"] > 0
    assert "disk" in said["said"]
    assert said["runs"] == 300


def test_threads_share_one_history(tmp_path: Path) -> None:
    history = History(tmp_path / "h.sqlite3")
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for index in range(10):
                for item in run_events(f"t{number}_{index}"):
                    assert history.record(item)
                history.runs(search=f"t{number}")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert history.count() == 40
    history.close()


def test_waiting_behind_a_lock(tmp_path: Path) -> None:
    path = tmp_path / "h.sqlite3"
    with History(path) as history:
        history.runs()
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with history._connection.read() as db:
            db.execute("PRAGMA busy_timeout = 50")
        assert not history.record(Event(run_id="r", kind="warning", data={"message": "m"}))
        assert "another process holds it" in str(history.problem)
        assert history.runs() == (), "a writer elsewhere does not stop reading"
        other.execute("ROLLBACK")
        other.close()
        history.flush()
        assert history.problem is None
