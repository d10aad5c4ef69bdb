"""The hostile corpus under every sandbox of this machine, and a soak of good and bad together."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from jupyter_julia_aot.records import Limits, Toolchain
from jupyter_julia_aot.trial.pool import TrialPool
from jupyter_julia_aot.trial.sandbox import SandboxName, sandbox_statuses
from jupyter_julia_aot.trial.slot import trials_per_worker
from tests.trial.corpus import GOOD, ORACLE, candidate, corpus, outside

pytestmark = [pytest.mark.julia, pytest.mark.timeout(1800)]

REAL = [s.name for s in sandbox_statuses() if s.usable and s.name != "none"]
LIMITS = Limits(seconds=4, memory_bytes=512 << 20)


def test_the_corpus_is_large_and_every_program_names_its_verdict() -> None:
    programs = corpus()
    assert len(programs) >= 60
    forging = [p for p in programs if p.name.startswith("forge_")]
    assert len(forging) >= 30
    assert not [p.name for p in forging if "passed" in p.expected]


@pytest.mark.slow
@pytest.mark.parametrize("sandbox", REAL)
def test_every_hostile_program_gets_its_verdict_and_harms_nothing(
    toolchain: Toolchain, sandbox: SandboxName
) -> None:
    with outside() as places, TrialPool(toolchain, workers=2, limits=LIMITS, sandbox=sandbox) as pool:
        futures = [(p, pool.submit(candidate(places.fill(p.code)), ORACLE)) for p in corpus()]
        wrong = []
        for program, future in futures:
            trial = future.result()
            if trial.verdict not in program.expected:
                wrong.append((program.name, trial.verdict, trial.error))
        assert not wrong
        assert places.untouched()
        assert pool.run(candidate(GOOD), ORACLE).verdict == "passed"


def test_a_few_hundred_mixed_candidates_leave_nothing_behind(toolchain: Toolchain) -> None:
    _soak(toolchain, 200, kill_every=0)


@pytest.mark.slow
@pytest.mark.benchmarks
def test_soak(toolchain: Toolchain) -> None:
    _soak(toolchain, 5000, kill_every=500)


QUICK = [
    (GOOD, "passed"),
    ("f(x) = x + 1", "failed"),
    ("f(x) = (", "syntax"),
    ("f(x) = nothing_like_it", "error"),
    ("exit(0)", "crashed"),
    ("Base.:(==)(a::Int, b::Int) = true\nf(x) = 0", ("failed", "crashed", "error")),
    ('write("left", "behind"); f(x) = x * x', "passed"),
    ("f(x) = ccall(:abort, Cvoid, ())", "crashed"),
]


def _soak(toolchain: Toolchain, count: int, kill_every: int) -> None:
    rng = random.Random(7)
    with TrialPool(toolchain, workers=1, limits=LIMITS) as pool:
        assert pool.run(candidate(GOOD), ORACLE).verdict == "passed"
        descriptors, memory = _descriptors(), _resident(os.getpid())
        wrong = []
        for start in range(0, count, 100):
            batch = [rng.choice(QUICK) for _ in range(min(100, count - start))]
            futures = [(code, want, pool.submit(candidate(code), ORACLE)) for code, want in batch]
            if kill_every and start % kill_every == 0:
                for pid in pool.worker_pids():
                    os.killpg(pid, signal.SIGKILL)
            for code, want, future in futures:
                verdict = future.result().verdict
                if verdict not in ((want,) if isinstance(want, str) else want):
                    wrong.append((code, verdict))
        assert not wrong
        # sandlock keeps up to two for each trial of the worker that is up.
        assert _descriptors() <= descriptors + 8 + 2 * trials_per_worker(1)
        assert _resident(os.getpid()) < memory + (64 << 20)
    assert _descriptors() <= descriptors


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
