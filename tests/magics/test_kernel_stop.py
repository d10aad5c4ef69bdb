"""The stop button, on a real kernel: within a second, no process left, the history intact."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_julia_aot.history import History
from jupyter_julia_aot.records import Toolchain
from tests.magics.kernel import Kernel, alive, kernel, widget_state
from tests.model.scripted import Exchange, delta
from tests.patience import A_SECOND
from tests.pipeline.server import answering, fenced

pytestmark = pytest.mark.julia

TESTS = "%%julia_tests cube\n@test cube(3) == 27"
RIGHT = fenced("cube(x) = x^3")
LOOPS = fenced("function cube(x)\n    while true end\nend")


@pytest.fixture
def running(tmp_path: Path, toolchain: Toolchain) -> Iterator[Kernel]:
    with kernel(tmp_path) as one:
        yield one


def endless(exchange: Exchange) -> None:
    exchange.head()
    while True:
        exchange.events([delta("and so on ")], done=False)


def history(folder: Path) -> History:
    return History(folder / "data" / "history.sqlite3")


def test_stopping_a_generation(running: Kernel, tmp_path: Path, wait_until: Callable[..., None]) -> None:
    assert running.run(TESTS)["status"] == "ok"
    with answering(RIGHT, last=endless) as server:
        cell = running.start(f"%%julia_gen cube -n 2 --repair 0 --base-url {server.url}\nthe cube of x")
        running.follow(lambda m: [r["verdict"] for r in widget_state(m).get("rows", [])] == ["passed"])
        pressed = running.interrupt()
        reply = running.wait(cell)
        assert time.monotonic() - pressed < A_SECOND
    assert (reply["status"], reply["ename"]) == ("error", "Cancelled")
    assert "1 candidates are kept in the history" in reply["evalue"]
    assert len(reply["traceback"]) <= 2
    assert not running.children()
    with history(tmp_path) as kept:
        run = kept.runs()[0]
        assert run.status == "cancelled"
        assert kept.run(run.id).candidates[0].trials[0].verdict == "passed"
    assert running.run("1 + 1")["status"] == "ok"


def test_stopping_a_trial_that_loops(running: Kernel, tmp_path: Path) -> None:
    assert running.run(TESTS)["status"] == "ok"
    with answering(LOOPS) as server:
        cell = running.start(
            f"%%julia_gen cube -n 1 --repair 0 --timeout 100 --base-url {server.url}\nthe cube of x"
        )
        running.follow(lambda m: len(widget_state(m).get("rows", [])) == 1)
        pressed = running.interrupt()
        reply = running.wait(cell)
        assert time.monotonic() - pressed < A_SECOND
    assert reply["ename"] == "Cancelled"
    assert not running.children()
    with history(tmp_path) as kept:
        assert kept.runs()[0].status == "cancelled"


def test_stopping_what_is_only_starting(
    running: Kernel, tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    assert running.run(TESTS)["status"] == "ok"
    for cell in (
        "%%julia_gen cube --base-url embedded\nthe cube of x",
        "%%julia_trial\n1 + 1",
        "%%juliac cube\ncube(x::Int) = x^3",
    ):
        started = running.start(cell)
        wait_until(running.children, 60.0)
        pressed = running.interrupt()
        reply = running.wait(started)
        assert time.monotonic() - pressed < A_SECOND
        assert reply["ename"] == "Cancelled"
        wait_until(lambda: not running.children(), A_SECOND)
    assert running.run("%%julia_trial\n1 + 1")["status"] == "ok"
    with history(tmp_path) as kept:
        assert [run.status for run in kept.runs()] == ["cancelled"]


def test_a_background_run_leaves_the_kernel_usable_and_can_be_stopped(
    running: Kernel, tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    assert running.run(TESTS)["status"] == "ok"
    with answering(RIGHT, last=endless) as server:
        reply = running.run(f"%%julia_gen cube --bg -n 2 --base-url {server.url}\nthe cube of x")
        assert reply["status"] == "ok"
        running.follow(lambda m: [r["verdict"] for r in widget_state(m).get("rows", [])] == ["passed"])
        assert running.run("print(6 * 7)")["status"] == "ok"
        assert "42" in running.text()
        assert running.run("%julia stop")["status"] == "ok"
    wait_until(lambda: not running.children(), 2.0)
    with history(tmp_path) as kept:
        assert kept.runs()[0].status == "cancelled"


def test_a_killed_kernel_leaves_a_readable_history_and_no_process(
    running: Kernel, tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    assert running.run(TESTS)["status"] == "ok"
    with answering(RIGHT, last=endless) as server:
        running.start(f"%%julia_gen cube -n 2 --base-url {server.url}\nthe cube of x")
        running.follow(lambda m: [r["verdict"] for r in widget_state(m).get("rows", [])] == ["passed"])
        before = running.child_pids()
        running.kill()
    assert before
    wait_until(lambda: not any(alive(p) for p in before), 10.0)
    with history(tmp_path) as kept:
        run = kept.runs()[0]
        assert run.candidates == 1
        assert kept.run(run.id).candidates[0].trials[0].verdict == "passed"
