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

pytestmark = [pytest.mark.benchmarks, pytest.mark.juliacall, pytest.mark.timeout(900)]

BARE = """
import sys, time
start = time.perf_counter()
from jupyter_julia_aot.run.juliacall_route import start_variables
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


def per_call(function: Any, *args: Any, calls: int = 20_000) -> float:
    """Seconds of one call: the best of five rounds."""
    rounds = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(calls):
            function(*args)
        rounds.append((time.perf_counter() - start) / calls)
    return min(rounds)


def test_time_to_the_first_result(juliacall_toolchain: Toolchain) -> None:
    path = juliacall_toolchain.path
    bare = statistics.median(seconds_of(BARE, path) for _ in range(3))
    ours = statistics.median(seconds_of(OURS, path) for _ in range(3))
    print(f"\nfirst result in a new process: bare juliacall {bare:.1f} s, %%julia {ours:.1f} s")


def test_overhead_of_a_call(juliacall_cells: Any) -> None:
    import juliacall

    jl: Any = juliacall
    bare = jl.Main.seval("bare_cube(x) = x^3")
    ours = bind("cube", "cube(x) = x^3", route="juliacall")
    assert ours(3) == bare(3) == 27
    for name, arg in (("Int", 3), ("Float64", 1.5)):
        a, b = per_call(bare, arg), per_call(ours, arg)
        print(f"\n{name}: bare juliacall {a * 1e6:.2f} µs, ours {b * 1e6:.2f} µs, {b / a:.2f} ×")
    array = np.ones(1000)
    bare_sum = jl.Main.seval("sum")
    our_sum = bind("total", "total(v) = sum(v)", route="juliacall")
    a, b = per_call(bare_sum, array, calls=3000), per_call(our_sum, array, calls=3000)
    print(f"\n1,000 Float64: bare juliacall {a * 1e6:.2f} µs, ours {b * 1e6:.2f} µs, {b / a:.2f} ×")


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
