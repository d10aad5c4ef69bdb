"""Choosing among candidates that were tried."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jupyter_julia_aot.records import Candidate, Selection, Trial, Verdict
from jupyter_julia_aot.search.dedupe import normalise

# How far a candidate got before it failed: ran and gave wrong values, threw, was stopped, was
# refused by the sandbox, did not parse.
_CLOSENESS: dict[Verdict, int] = {
    "passed": 0,
    "failed": 1,
    "error": 2,
    "timeout": 3,
    "memory": 4,
    "crashed": 5,
    "blocked": 6,
    "syntax": 7,
}


def select(candidates: Sequence[Candidate], trials: Iterable[Trial]) -> Selection:
    """The best candidate: one that passed, then fewer rewrites and repairs, then shorter code.

    Those that did not pass are ranked by how far they got: by verdict, then by the share of
    checks that held. A candidate without a trial comes last and is never chosen. Candidates
    with more than one trial are judged by the last. Ties keep the order of ``candidates``.
    """
    judged = {trial.candidate_id: trial for trial in trials}
    by_id = {candidate.id: candidate for candidate in candidates}
    order = {candidate.id: i for i, candidate in enumerate(candidates)}

    def key(candidate: Candidate) -> tuple[float, ...]:
        trial = judged.get(candidate.id)
        size = len(normalise(candidate.code))
        if trial is None:
            return (len(_CLOSENESS), 0.0, steps(candidate, by_id), size, order[candidate.id])
        held = trial.checks.passed / max(1, trial.checks.passed + trial.checks.failed)
        return (
            _CLOSENESS[trial.verdict],
            0.0 if trial.verdict == "passed" else -held,
            steps(candidate, by_id),
            size,
            order[candidate.id],
        )

    ranking = sorted(candidates, key=key)
    ids = tuple(candidate.id for candidate in ranking)
    best = judged.get(ids[0]) if ids else None
    if best is None or best.verdict != "passed":
        return Selection(candidate_id=None, reason=_why_none(best, len(candidates)), ranking=ids)
    winners = [c for c in ranking if (t := judged.get(c.id)) and t.verdict == "passed"]
    return Selection(candidate_id=ids[0], reason=_why(winners, best, len(candidates), by_id), ranking=ids)


def steps(candidate: Candidate, by_id: dict[str, Candidate]) -> int:
    """How many rewrites or repairs lie between the model's answer and ``candidate``."""
    count, seen = 0, {candidate.id}
    current = candidate
    while current.parent is not None and current.parent not in seen:
        count += 1
        seen.add(current.parent)
        parent = by_id.get(current.parent)
        if parent is None:
            break
        current = parent
    return count


def _why(winners: Sequence[Candidate], trial: Trial, total: int, by_id: dict[str, Candidate]) -> str:
    best = winners[0]
    checks = trial.checks.passed
    said = f"passed {'its check' if checks == 1 else f'all {checks} checks'}"
    if len(winners) == 1:
        return f"{said}; the only one of {total} that did" if total > 1 else said
    runner_up = winners[1]
    if steps(best, by_id) < steps(runner_up, by_id):
        how = "the one with the fewest rewrites"
    elif len(normalise(best.code)) < len(normalise(runner_up.code)):
        how = "the shortest"
    else:
        how = "the first"
    return f"{said}; {how} of {len(winners)} that did"


_SAID: dict[Verdict, str] = {
    "passed": "passed",
    "failed": "ran but gave wrong values",
    "error": "raised an error",
    "timeout": "ran out of time",
    "memory": "ran out of memory",
    "crashed": "crashed",
    "blocked": "was stopped by the sandbox",
    "syntax": "did not parse",
}


def _why_none(best: Trial | None, total: int) -> str:
    if total == 0:
        return "no candidate passed: the answers held no Julia"
    if best is None:
        return "no candidate was tried"
    checks = best.checks.passed + best.checks.failed
    held = f" ({best.checks.passed} of {checks} checks held)" if checks else ""
    error = f": {best.error.type}" if best.error is not None and best.verdict == "error" else ""
    return f"no candidate passed; the closest {_SAID[best.verdict]}{held}{error}"
