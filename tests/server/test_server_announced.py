"""Work that a terminal started: listed with its progress, and stopped, like the panel's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_julia_aot.pipeline.announcing import announced
from jupyter_julia_aot.server.jobs import Jobs, progress_of
from tests.server.support import eventually

# The command line of such a process names our package, as `jupyter julia-aot …` does.
PROGRAM = """
import sys, time
from jupyter_julia_aot.pipeline.announcing import announced
with announced("eval", "humaneval") as (say, outcome):
    say("40/164 judged, 30 passed, about 12 s left")
    time.sleep(600)
"""


@pytest.fixture
def evaluation() -> Iterator[subprocess.Popen[bytes]]:
    """An evaluation in a terminal."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stderr=subprocess.DEVNULL) as process:
        yield process
        process.kill()


def test_an_evaluation_in_a_terminal_is_shown_and_stopped(evaluation: subprocess.Popen[bytes]) -> None:
    board = Jobs()
    job = eventually(lambda: next((j for j in board.views() if j["progress"]), None))
    assert (job["verb"], job["title"], job["state"]) == ("eval", "humaneval", "running")
    assert job["progress"]["fraction"] == pytest.approx(40 / 164)
    assert job["progress"]["pass_rate"] == pytest.approx(0.75)
    assert board.running() == [job["id"]]
    board.stop(job["id"])
    evaluation.wait(60)
    assert board.view(job["id"])["state"] == "stopped"
    assert board.view(job["id"])["exit_code"] == 130


def test_one_that_was_killed_is_lost(evaluation: subprocess.Popen[bytes]) -> None:
    board = Jobs()
    job = eventually(lambda: next(iter(board.views()), None))
    os.kill(evaluation.pid, signal.SIGKILL)
    evaluation.wait(60)
    assert eventually(lambda: board.view(job["id"])["state"] != "running")
    assert board.view(job["id"])["state"] == "lost"


def test_work_of_the_panel_is_not_announced_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JULIA_AOT_JOB", "x")
    with announced("eval", "humaneval") as (say, outcome):
        say("1/2 judged, 1 passed")
        outcome.exit_code = 0
    assert Jobs().views() == []


def test_where_nothing_can_be_written_work_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("JULIA_AOT_DATA_DIR", str(tmp_path / "file"))
    with announced("eval", "humaneval") as (say, outcome):
        say("1/2 judged, 1 passed")
        outcome.exit_code = 0


def test_progress_counts_what_passed_of_what_was_judged() -> None:
    told = progress_of("0/8 judged, 0 passed\n6/8 judged, 3 passed\n")
    assert told is not None
    assert (told["fraction"], told["pass_rate"]) == (0.75, 0.5)
    assert json.dumps(told)
