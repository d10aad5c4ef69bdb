"""Figures of the README: ``pytest -m benchmarks tests/run -s`` with a Julia that juliacall accepts."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest

from jupyter_julia_aot.errors import Cancelled
from jupyter_julia_aot.records import Toolchain
from jupyter_julia_aot.run import bind
from jupyter_julia_aot.run.cells import OpenCells, bind_from_cell

pytestmark = [pytest.mark.benchmarks, pytest.mark.juliacall, pytest.mark.timeout(900)]

BARE = """
import sys, time
start = time.perf_counter()
from jupyter_julia_aot.run.juliacall_start import start_variables
from jupyter_julia_aot.toolchain import choose_toolchain
import os
os.environ.update(start_variables(choose_toolchain("juliacall", sys.argv[1])))
start = time.perf_counter()
from juliacall import Main as jl
jl.seval("sum([1.0, 2.0])")
print(time.perf_counter() - start)
"""
OURS = """
import sys, time
start = time.perf_counter()
from jupyter_julia_aot.run.cells import in_process_cells
cells = in_process_cells(sys.argv[1]).cells
assert cells.run("sum([1.0, 2.0])").value == 3.0
print(time.perf_counter() - start)
"""


def seconds_of(program: str, julia: str) -> float:
    ran = subprocess.run(
        [sys.executable, "-c", program, julia], capture_output=True, text=True, timeout=600, check=True
    )
    return float(ran.stdout.split()[-1])


def side_by_side(*calls: tuple[Any, ...], times: int = 300, rounds: int = 150) -> list[float]:
    """Microseconds of one call of each (a function and its arguments): the best of short rounds, taken by
    turns, so that what else the machine does falls on all alike."""
    best = [float("inf")] * len(calls)
    for _ in range(rounds):
        for i, (function, *args) in enumerate(calls):
            start = time.perf_counter()
            for _ in range(times):
                function(*args)
            best[i] = min(best[i], (time.perf_counter() - start) / times * 1e6)
    return best


def test_time_to_the_first_result(juliacall_toolchain: Toolchain) -> None:
    path = juliacall_toolchain.path
    bare = statistics.median(seconds_of(BARE, path) for _ in range(3))
    ours = statistics.median(seconds_of(OURS, path) for _ in range(3))
    print(f"\nfirst result in a new process: bare juliacall {bare:.1f} s, %%julia {ours:.1f} s")


def test_overhead_of_a_call(juliacall_cells: Any) -> None:
    import juliacall

    main: Any = juliacall.Main

    def told(what: str, bare: Any, ours: Any, *args: Any, times: int = 300) -> None:
        a, b = side_by_side((bare, *args), (ours, *args), times=times)
        print(f"{what}: bare juliacall {a:.2f} µs, ours {b:.2f} µs, {b / a:.2f} ×")

    print()
    cube = main.seval("bare_cube(x) = x^3")
    bound = bind("cube", "cube(x) = x^3", route="juliacall")
    juliacall_cells.run("cube_of_a_cell(x) = x^3")
    of_a_cell = bind_from_cell("cube_of_a_cell", OpenCells(juliacall_cells, "juliacall", ""), "")
    assert cube(3) == bound(3) == of_a_cell(3) == 27
    told("Int", cube, bound, 3)
    told("Int, a cell's function", cube, of_a_cell, 3)
    told("Float64", cube, bound, 1.5)
    told("two numbers", main.seval("+"), bind("plus", "plus(a, b) = a + b", route="juliacall"), 1, 2.5)
    told("text", main.seval("uppercase"), bind("up", "up(x) = uppercase(x)", route="juliacall"), "abc")
    told("no argument", main.seval("() -> 1"), bind("one", "one() = 1", route="juliacall"))
    total = bind("total", "total(v) = sum(v)", route="juliacall")
    told("1,000 Float64", main.seval("sum"), total, np.ones(1000), times=50)
    told("30 × 30 Float64 in C order", main.seval("sum"), total, np.ones((30, 30)), times=50)
    twice = main.seval("v -> 2 .* v")
    ours = bind("twice", "twice(v) = 2 .* v", route="juliacall")
    told("1,000 Float64 and back", lambda v: np.asarray(twice(v)), ours, np.ones(1000), times=50)


def test_arrays(juliacall_cells: Any, worker_cells: Any) -> None:
    array = np.random.default_rng(1).random(32 << 17)  # 32 MiB
    juliacall_cells.set(big=array)
    assert juliacall_cells.run("UInt(pointer(big))").value == array.ctypes.data
    print("\nin process: no copy, the same address on both sides")
    worker_cells.run("twice_b(v) = 2 .* v; read_b(v) = v[end]; same_b(v) = v")
    for name, there, back in (("to the worker", 1, 0), ("there and back", 1, 1)):
        function = "twice_b" if back else "read_b"
        worker_cells.call(function, array)
        times = []
        for _ in range(5):
            start = time.perf_counter()
            worker_cells.call(function, array)
            times.append(time.perf_counter() - start)
        moved = array.nbytes * (there + back) / min(times) / 1e9
        print(f"{name}: 32 MiB in {min(times) * 1e3:.0f} ms, {moved:.2f} GB/s")


def test_stop_latency(worker_cells: Any) -> None:
    import threading

    times = []
    for code in ("while true; end", "sleep(100)", "while true; sum(rand(1000)); end"):
        running = threading.Event()
        pressed: list[float] = []

        def stop(running: threading.Event = running, pressed: list[float] = pressed) -> None:
            running.wait(120)
            time.sleep(0.5)
            pressed.append(time.perf_counter())
            worker_cells.interrupt()

        thread = threading.Thread(target=stop)
        thread.start()
        with pytest.raises(Cancelled):
            worker_cells.run(f'print("on"); {code}', on_shown=lambda _shown, r=running: r.set())
        times.append(time.perf_counter() - pressed[-1])
        thread.join()
    print(f"\nstop to the end of the cell: {', '.join(f'{t * 1e3:.0f} ms' for t in times)}")


@pytest.mark.parametrize("threads", [1, 2])
def test_soak(juliacall_toolchain: Toolchain, threads: int) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.run.soak_calls", "1000", str(threads)],
        capture_output=True,
        text=True,
        timeout=800,
        env={**os.environ, "JULIA_AOT_JULIA": juliacall_toolchain.path},
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    report = json.loads(ran.stdout.splitlines()[-1])
    assert (report["calls"], report["wrong"]) == (1000, 0)
    print(f"\n1,000 mixed calls from 5 Python threads, {threads} Julia thread(s): no crash, {report}")
