"""The trials of one run: equal code is tried once, failures are rewritten once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from dataclasses import replace
from typing import TYPE_CHECKING

from jupyter_julia_aot.errors import Cancelled
from jupyter_julia_aot.records import Candidate, Oracle, Trial, new_id

if TYPE_CHECKING:
    from jupyter_julia_aot.trial import TrialPool


def definition_oracle(name: str) -> Oracle:
    """Checks no more than that ``name`` gets defined; for prompts that bring no oracle.

    Passing it proves nothing about the answer, so such a candidate is never accepted by itself.
    """
    return Oracle(source=f"@test {name} isa Function", name="definition only")


class Tryout:
    """Hands candidates to the pool and remembers the verdicts.

    ``deliver(candidate, future)`` is called from a thread of the pool when a trial is done; the
    owner passes both to :meth:`finish` in its own thread.
    """

    def __init__(
        self,
        pool: TrialPool,
        oracle: Oracle,
        idioms: bool,
        deliver: Callable[[Candidate, Future[Trial]], None],
    ) -> None:
        self.candidates: list[Candidate] = []
        self.trials: dict[str, Trial] = {}
        self.passed = False
        self._pool = pool
        self._oracle = oracle
        self._idioms = idioms
        self._deliver = deliver
        self._same: dict[str, list[Candidate]] = {}
        self._known: dict[str, Trial] = {}

    @property
    def pending(self) -> bool:
        """Whether a verdict is still awaited."""
        return bool(self._same)

    def submit(self, candidate: Candidate) -> None:
        """Try ``candidate``, together with an equal one that is being tried already."""
        self.candidates.append(candidate)
        twins = self._same.get(candidate.code)
        if twins is not None:
            twins.append(candidate)
            return
        self._same[candidate.code] = [candidate]
        if candidate.code in self._known:
            future: Future[Trial] = Future()
            future.set_result(self._known[candidate.code])
        else:
            future = self._pool.submit(candidate, self._oracle)
        future.add_done_callback(lambda done: self._deliver(candidate, done))

    def finish(self, candidate: Candidate, future: Future[Trial]) -> Iterator[Trial]:
        """The trials that are known now: one for each candidate with that code.

        Raises whatever made the harness fail.
        """
        same = self._same.pop(candidate.code)
        try:
            trial = future.result()
        except (CancelledError, Cancelled):
            return
        self._known[candidate.code] = trial
        self.passed = self.passed or trial.verdict == "passed"
        for one in same:
            self.trials[one.id] = replace(trial, candidate_id=one.id)
            yield self.trials[one.id]

    def rewrite(self, trial: Trial) -> Candidate | None:
        """The failed candidate without its Python idioms, or ``None`` when it has none."""
        from jupyter_julia_aot.search import rewrite_idioms

        if trial.verdict == "passed" or not self._idioms:
            return None
        parent = next(c for c in self.candidates if c.id == trial.candidate_id)
        code, notes = rewrite_idioms(parent.code, parent.name)
        if not notes or code == parent.code or any(c.parent == parent.id for c in self.candidates):
            return None
        return Candidate(
            id=new_id(), name=parent.name, code=code, origin="idiom", parent=parent.id, notes=notes
        )
