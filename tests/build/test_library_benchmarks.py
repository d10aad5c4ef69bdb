"""What a call costs, next to juliacall; a numeric kernel next to the JIT, NumPy and Numba: in one process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_julia_aot.build import build
from jupyter_julia_aot.records import Recipe, Toolchain

CODE = """
half(x::Float64) = x / 2

function energy(v::Vector{Float64})
    total = 0.0
    @inbounds @simd for i in 2:length(v)
        total += (v[i] - v[i - 1])^2
    end
    return total
end
"""

SCRIPT = '''
import json, statistics, sys, timeit
from juliacall import Main as jl
import numpy as np
sys.path.insert(0, sys.argv[1])
import bench

jl.seval(sys.argv[2])
ours, theirs = bench.half, jl.seval("x -> x / 2")
def per_call(function):
    return min(timeit.repeat(lambda: function(2.0), number=20_000, repeat=1)) / 20_000
empty = lambda x: x
rounds = [(per_call(ours), per_call(theirs), per_call(empty)) for _ in range(9)]
call = [statistics.median(r) for r in zip(*rounds)]

v = np.random.default_rng(0).random(1_000_000)
jv = jl.seval("v -> copyto!(Vector{Float64}(undef, length(v)), v)")(v)
jl.seval("const KEEP = Ref(0.0)")
jit = jl.seval("""function (v)
    began = time_ns()
    for _ in 1:20
        KEEP[] += energy(v)
    end
    return (time_ns() - began) / 20e9
end""")
jit(jv)
def numpy_energy(v):
    d = np.diff(v)
    return np.dot(d, d)
others = {"NumPy": numpy_energy}
try:
    import numba
    @numba.njit(fastmath=True)
    def numba_energy(v):
        total = 0.0
        for i in range(1, len(v)):
            total += (v[i] - v[i - 1]) ** 2
        return total
    numba_energy(v)
    others["Numba"] = numba_energy
except ImportError:
    pass
def kernel(function):
    return min(timeit.repeat(lambda: function(v), number=20, repeat=1)) / 20
times = {"ahead of time": [], "JIT": [], **{name: [] for name in others}}
for _ in range(15):
    times["ahead of time"].append(kernel(bench.energy))
    times["JIT"].append(float(jit(jv)))
    for name, function in others.items():
        times[name].append(kernel(function))
ratio = statistics.median(a / b for a, b in zip(times["ahead of time"], times["JIT"]))
print(json.dumps([call, {k: statistics.median(t) for k, t in times.items()}, ratio,
                  abs(bench.energy(v) / numpy_energy(v) - 1)]))
'''


@pytest.mark.benchmarks
@pytest.mark.julia112
@pytest.mark.juliacall
@pytest.mark.timeout(900)
def test_calls_and_a_kernel_side_by_side(juliac: Toolchain, juliacall_toolchain: Toolchain) -> None:
    built = build(Recipe(name="bench", kind="lib", code=CODE, trim="safe", bundle=True), juliac)
    package = Path(str(built.artifact.binding)).parent
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(package), CODE], capture_output=True, text=True, timeout=600
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    (ours, theirs, empty), times, ratio, error = json.loads(ran.stdout.splitlines()[-1])
    print(f"\na call with one number (an empty Python function, {empty * 1e6:.3f} µs, included):")
    print(f"  this binding {ours * 1e6:.3f} µs   juliacall {theirs * 1e6:.3f} µs")
    print("sum of squared differences of 1,000,000 numbers:")
    for name, seconds in times.items():
        print(f"  {name:14} {seconds * 1e3:.3f} ms")
    print(f"  ahead of time / JIT, median of paired runs: {ratio:.3f}")
    assert error < 1e-12
    assert ours < theirs
