"""The hostile corpus under every sandbox of this machine."""

from __future__ import annotations

import pytest

from jupyter_julia_aot.records import Limits, Toolchain
from jupyter_julia_aot.trial.pool import TrialPool
from jupyter_julia_aot.trial.sandbox import SandboxName, sandbox_statuses
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


@pytest.mark.parametrize("sandbox", REAL)
def test_every_hostile_program_gets_its_verdict_and_harms_nothing(
    toolchain: Toolchain, sandbox: SandboxName
) -> None:
    with outside() as places, TrialPool(toolchain, workers=2, limits=LIMITS, sandbox=sandbox) as pool:
        futures = [(p, pool.submit(candidate(places.fill(p.code)), p.oracle)) for p in corpus()]
        wrong = []
        for program, future in futures:
            trial = future.result()
            if trial.verdict not in program.expected:
                wrong.append((program.name, trial.verdict, trial.error))
        assert not wrong
        assert places.untouched()
        assert pool.run(candidate(GOOD), ORACLE).verdict == "passed"
