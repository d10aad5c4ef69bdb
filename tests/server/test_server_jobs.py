"""Jobs: real processes that outlive whoever started them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_julia_aot.server import commands, jobs, processes
from jupyter_julia_aot.server.jobs import Jobs, progress_of
from jupyter_julia_aot.server.validate import RequestError
from tests.server.support import eventually


def start(board: Jobs, code: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Start ``python -c CODE`` as a job, in place of our command line."""
    real = jobs.write

    def write(path: Path, text: str) -> None:
        if path.name == "job.json":
            text = json.dumps({**json.loads(text), "argv": [sys.executable, "-u", "-c", code]})
        real(path, text)

    monkeypatch.setattr(jobs, "write", write)
    view = board.start("gen", "test", [])
    assert view["state"] == "running"
    return str(view["id"])


def ended(board: Jobs, job_id: str) -> dict[str, Any]:
    return eventually(lambda: board.view(job_id) if board.view(job_id)["state"] != "running" else None)


def test_a_job_ends_with_its_result_and_log(monkeypatch: pytest.MonkeyPatch) -> None:
    board = Jobs()
    code = "import sys; print('3/4 passed', file=sys.stderr); print('{\"answer\": 42}')"
    view = ended(board, start(board, code, monkeypatch))
    assert (view["state"], view["exit_code"], view["result"]) == ("done", 0, {"answer": 42})
    assert view["message"] == "3/4 passed"
    assert [j["id"] for j in board.views()] == [view["id"]]


def test_a_restarted_server_finds_its_jobs_and_can_stop_them(monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = start(Jobs(), "import time; print('on'); time.sleep(600)", monkeypatch)
    # A new server knows nothing but the directory.
    monkeypatch.setattr(jobs, "_CHILDREN", {})
    board = Jobs()
    pid = eventually(lambda: board.view(job_id)["pid"])
    assert board.running() == [job_id]
    board.stop(job_id)
    view = ended(board, job_id)
    assert view["state"] == "stopped"
    assert processes.started_at(pid) is None


def test_stopping_kills_a_job_that_ignores_signals_and_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import signal, subprocess, time, pathlib\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "pathlib.Path('grandchild').write_text(str(child.pid))\n"
        "time.sleep(600)"
    )
    monkeypatch.setenv("JULIA_AOT_GRACE", "")
    board = Jobs()
    job_id = start(board, code, monkeypatch)
    grandchild = board.directory / job_id / "grandchild"
    pid = int(eventually(lambda: grandchild.exists() and grandchild.read_text(encoding="utf-8")))
    board.stop(job_id)
    assert ended(board, job_id)["state"] == "stopped"
    eventually(lambda: processes.started_at(pid) is None)


def test_a_job_whose_supervisor_was_killed_is_lost_not_running(monkeypatch: pytest.MonkeyPatch) -> None:
    board = Jobs()
    job_id = start(board, "import time; time.sleep(600)", monkeypatch)
    directory = board.directory / job_id
    pid = eventually(lambda: board.view(job_id)["pid"])
    os.kill(int((directory / "supervisor").read_text(encoding="utf-8")), signal.SIGKILL)
    assert ended(board, job_id)["state"] == "lost"
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(RequestError, match="ended already"):
        board.stop(job_id)
    board.forget(job_id)
    assert board.views() == []


@pytest.mark.parametrize("job_id", ["..", "../../etc", "", "a/b", "0" * 20])
def test_an_unknown_job_id_is_refused(job_id: str) -> None:
    with pytest.raises(RequestError) as refused:
        Jobs().view(job_id)
    assert refused.value.status == 404


def test_progress_is_read_from_the_newest_line_that_tells_one() -> None:
    assert progress_of("loading\n") is None
    assert progress_of("1/8 done\n4/8 passed 75%\n") == {
        "fraction": 0.5,
        "message": "4/8 passed 75%",
        "pass_rate": 0.75,
    }
    assert progress_of("downloading 40 %\r downloading 60 %\n") == {
        "fraction": 0.6,
        "message": "downloading 60 %",
        "pass_rate": None,
    }


def test_text_of_a_request_never_becomes_an_option() -> None:
    asked = commands.command(
        {"verb": "gen", "name": "f", "request": "--help", "tests": "@test f(1) == 1"}, Path()
    )
    assert asked.arguments[-2:] == ("--", "--help")
    assert asked.files == {"tests.jl": "@test f(1) == 1"}


def test_a_reused_process_id_is_not_taken_for_the_run() -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        began = eventually(lambda: processes.started_at(stranger.pid))
        assert processes.run_pid(f"pid {stranger.pid}", began + 1) is None
        stranger.kill()
    assert processes.run_pid("pid 1", began) is None
    assert processes.run_pid("kernel 12", began) is None
    own = processes.started_at(os.getpid())
    assert own is not None
    assert processes.run_pid(f"pid {os.getpid()}", own - 60) is None
