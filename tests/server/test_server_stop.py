"""Stopping runs of kernels from the panel: the run ends, and nothing else does."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from jupyter_julia_aot.magics.jobs import Jobs, stoppable
from jupyter_julia_aot.records import Toolchain
from jupyter_julia_aot.server import service as service_module
from jupyter_julia_aot.server.service import Service
from jupyter_julia_aot.server.validate import RequestError
from jupyter_julia_aot.settings import data_dir
from tests.magics.kernel import kernel
from tests.model.scripted import Exchange, delta
from tests.pipeline.server import answering, fenced
from tests.server.support import eventually

RUN = "0123456789abcdef0123"


def leave_message() -> Path:
    message = data_dir() / "stop" / RUN
    message.parent.mkdir(parents=True, exist_ok=True)
    message.touch()
    return message


def test_a_stop_file_ends_its_background_job_and_no_other() -> None:
    jobs = Jobs()
    mine = jobs.start("mine", lambda cancel: cancel.wait(600) and None, lambda: RUN)
    other = jobs.start("other", lambda cancel: cancel.wait(600) and None, lambda: "f" * 20)
    message = leave_message()
    eventually(lambda: mine.status == "stopped")
    assert not message.exists()
    assert other.status == "running"
    jobs.stop()
    eventually(lambda: other.status == "stopped")


def test_a_stop_file_ends_work_in_the_foreground() -> None:
    leave_message()
    seen: list[bool] = []

    def work(cancel: threading.Event) -> None:
        seen.append(cancel.wait(60))

    stoppable(work, lambda: RUN)
    assert seen == [True]


@pytest.mark.julia
def test_stopping_a_background_run_leaves_the_cell_in_front_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toolchain: Toolchain
) -> None:
    def endless(exchange: Exchange) -> None:
        exchange.head()
        while True:
            exchange.events([delta("and so on ")], done=False)

    monkeypatch.setenv("JULIA_AOT_DATA_DIR", str(tmp_path / "data"))
    # Worker images take a minute to make: those of the machine are used.
    monkeypatch.delenv("JULIA_AOT_CACHE_DIR")
    # However slow this machine is, the message is what stops the run here.
    monkeypatch.setattr(service_module, "TAKEN_SECONDS", 60.0)
    with kernel(tmp_path) as running, answering(fenced("cube(x) = x^3"), last=endless) as server:
        service = Service()
        assert running.run("%%julia_tests cube\n@test cube(3) == 27")["status"] == "ok"
        cell = f"%%julia_gen cube --bg -n 2 --base-url {server.url}\nthe cube of x"
        assert running.run(cell)["status"] == "ok"
        run_id = eventually(lambda: [r.id for r in service.running_runs()], 240.0)[0]
        go = tmp_path / "go"
        front = running.start(
            f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.05)\n'whole'"
        )
        service.stop_run(run_id)
        eventually(lambda: service.history.run(run_id).summary.status == "cancelled")
        with pytest.raises(RequestError, match="ended already"):
            service.stop_run(run_id)
        go.touch()
        assert running.wait(front)["status"] == "ok"
