"""Thousands of good, wrong and hostile candidates through one pool, whose workers are killed meanwhile."""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from collections import Counter
from concurrent.futures import as_completed
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jupyter_julia_aot.records import Limits, Toolchain
from jupyter_julia_aot.trial.pool import TrialPool
from jupyter_julia_aot.trial.slot import trials_per_worker
from tests.trial.corpus import GOOD, ORACLE, candidate, corpus, outside

pytestmark = [pytest.mark.julia, pytest.mark.timeout(3600)]

LIMITS = Limits(seconds=120, memory_bytes=512 << 20)
BETWEEN_KILLS = 10.0  # seconds; slow programs have a limit of 4
ORDINARY = [
    (GOOD, "passed"),
    (GOOD, "passed"),
    ("f(x) = (s = 0; for _ in 1:abs(x); s += abs(x); end; s)", "passed"),
    ("f(x) = x + 1", "failed"),
    ("f(x) = (", "syntax"),
    ("f(x) = nothing_like_it", "error"),
    ("exit(0)", "crashed"),
    ('write("left", "behind"); f(x) = x * x', "passed"),
    ("f(x) = ccall(:abort, Cvoid, ())", "crashed"),
]
# Programs that are stopped by a limit take seconds each, so there are few of them.
SLOW = {"timeout", "memory"}


@dataclass
class Seen:
    """What was watched while the candidates ran."""

    verdicts: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    kills: int = 0
    workers: set[int] = field(default_factory=set)
    descriptors: int = 0
    parent: int = 0
    worker: int = 0

    def look(self, pool: TrialPool) -> None:
        """Note the most descriptors and memory so far."""
        self.descriptors = max(self.descriptors, _descriptors())
        self.parent = max(self.parent, _resident(os.getpid()))
        for pid in pool.worker_pids():
            self.workers.add(pid)
            self.worker = max(self.worker, _resident(pid))


def test_a_few_hundred_leave_nothing_behind(
    toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _soak(toolchain, tmp_path, monkeypatch, count=150, slow_share=0.0)


@pytest.mark.slow
def test_soak(toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _soak(toolchain, tmp_path, monkeypatch, count=5000, slow_share=0.01)


def _soak(
    toolchain: Toolchain, folder: Path, monkeypatch: pytest.MonkeyPatch, count: int, slow_share: float
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(folder))  # all that the pool makes lies there
    rng = random.Random(7)
    workers = 2
    seen = Seen()
    start = time.monotonic()
    with outside() as places:
        hostile = [(places.fill(p.code), p.expected, p.oracle) for p in corpus()]
        quick = [program for program in hostile if not program[1] & SLOW]
        slow = [program for program in hostile if program[1] & SLOW]
        mixed = []
        for _ in range(count):
            dice = rng.random()
            if dice < slow_share:
                mixed.append(rng.choice(slow))
            elif dice < 0.3:
                mixed.append(rng.choice(quick))
            else:
                code, verdict = rng.choice(ORDINARY)
                mixed.append((code, frozenset([verdict]), ORACLE))
        with TrialPool(toolchain, workers=workers, limits=LIMITS) as pool:
            assert pool.run(candidate(GOOD), ORACLE).verdict == "passed"
            before_descriptors, before_memory = _descriptors(), _resident(os.getpid())
            futures = {pool.submit(candidate(code), oracle): (code, want) for code, want, oracle in mixed}
            # Never two kills during one trial, which would be two faults of the harness in a row: a slow one
            # takes its time, and is then tried again.
            next_kill, not_before = rng.randint(20, 60), 0.0
            for done, future in enumerate(as_completed(list(futures)), 1):
                code, want = futures.pop(future)
                verdict = future.result().verdict
                seen.verdicts[verdict] += 1
                if verdict not in want:
                    seen.wrong.append((code, verdict))
                if done % 10 == 0:
                    seen.look(pool)
                now = time.monotonic()
                if done >= next_kill and now > not_before and (pids := pool.worker_pids()):
                    _kill(rng.choice(pids))
                    seen.kills += 1
                    next_kill, not_before = done + rng.randint(50, 150), now + BETWEEN_KILLS
            assert pool.run(candidate(GOOD), ORACLE).verdict == "passed"
        assert places.untouched()
    seconds = time.monotonic() - start
    print(
        f"\n{count} candidates in {seconds:.0f} s on Julia {toolchain.version}: {dict(seen.verdicts)}, "
        f"{seen.kills} kills, {len(seen.workers)} workers; descriptors {before_descriptors} → at most "
        f"{seen.descriptors} → {_descriptors()}; memory of the parent {before_memory >> 20} → at most "
        f"{seen.parent >> 20} MiB, of a worker at most {seen.worker >> 20} MiB"
    )
    assert not seen.wrong
    # sandlock keeps up to two descriptors for each trial of a worker that is up, so workers are replaced.
    assert seen.descriptors <= before_descriptors + 20 + 2 * workers * trials_per_worker(workers)
    assert _descriptors() <= before_descriptors
    assert seen.parent < before_memory + (96 << 20)
    assert list(folder.iterdir()) == []
    assert _processes_of(folder) == []


def _kill(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # it was being replaced


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    except (OSError, IndexError):
        return 0


def _processes_of(folder: Path) -> list[str]:
    """Command lines of processes whose temporary folder is in ``folder``."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                variables = (process / "environ").read_bytes().split(b"\0")
                if any(v.startswith(b"TMPDIR=" + os.fsencode(folder)) for v in variables):
                    found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
    return found
