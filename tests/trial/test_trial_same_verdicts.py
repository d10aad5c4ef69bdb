"""A verdict depends on candidate and oracle: not on workers, order, restarts, or how processes are made."""

from __future__ import annotations

import os
import random
import signal

import pytest

from jupyter_julia_aot.records import Limits, Toolchain
from jupyter_julia_aot.trial.pool import TrialPool
from tests.trial.corpus import GOOD, ORACLE, candidate

pytestmark = [pytest.mark.julia, pytest.mark.timeout(1800)]

LIMITS = Limits(seconds=120, memory_bytes=512 << 20)
PROGRAMS = (
    (GOOD, "passed"),
    ("f(x) = x + 1", "failed"),
    ("f(x) = (", "syntax"),
    ("f(x) = nothing_like_it", "error"),
    ("exit(0)", "crashed"),
    ("f(x) = ccall(:abort, Cvoid, ())", "crashed"),
    ("f(x) = run(`true`)", "blocked"),
    ("f(x) = zeros(10^12)[1]", "memory"),
    ("struct P x end; Base.:+(a::P, b::P) = P(3); f(x) = x * x", "passed"),
    ("f(x) = eval(:($x * $x))", "passed"),
    ('println("before"); f(x) = (println("after"); Core.eval(Main, x) * x)', "passed"),
    ("import Random; Random.seed!(1); f(x) = x * x + 0 * rand(Int8)", "passed"),
    ("global count = 0; f(x) = (global count += 1; count == 1 ? 9 : x * x)", "passed"),
)


def _verdicts(pool: TrialPool, order: list[str]) -> dict[str, str]:
    futures = [(code, pool.submit(candidate(code), ORACLE)) for code in order]
    return {code: future.result().verdict for code, future in futures}


def test_workers_order_and_restarts_do_not_matter(toolchain: Toolchain) -> None:
    codes = [code for code, _ in PROGRAMS]
    with TrialPool(toolchain, workers=1, limits=LIMITS) as pool:
        first = _verdicts(pool, codes)
    assert first == dict(PROGRAMS)
    with TrialPool(toolchain, workers=2, limits=LIMITS) as pool:
        for seed in range(3):
            shuffled = codes.copy()
            random.Random(seed).shuffle(shuffled)
            assert _verdicts(pool, shuffled) == first
        for pid in pool.worker_pids():
            os.killpg(pid, signal.SIGKILL)
        assert _verdicts(pool, codes) == first


def test_where_forking_is_unsafe_the_verdicts_are_the_same(toolchain: Toolchain) -> None:
    # One without and three with a process of their own for the candidate, of which two end it.
    chosen = (0, 4, 5, 9)
    with TrialPool(toolchain, workers=1, limits=LIMITS, fork=False) as pool:
        trials = [pool.run(candidate(PROGRAMS[i][0]), ORACLE) for i in chosen]
    assert [trial.verdict for trial in trials] == [PROGRAMS[i][1] for i in chosen]
    assert trials[1].error is not None
    assert trials[1].error.message.startswith("the program ended its process (exit code 0)")


@pytest.mark.slow
def test_where_forking_is_unsafe_every_program_gets_the_same_verdict(toolchain: Toolchain) -> None:
    codes = [code for code, _ in PROGRAMS]
    with TrialPool(toolchain, workers=1, limits=LIMITS) as pool:
        forked = _verdicts(pool, codes)
    with TrialPool(toolchain, workers=2, limits=LIMITS, fork=False) as pool:
        assert _verdicts(pool, codes) == forked
