"""From a proven candidate to a function of the notebook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jupyter_julia_aot.errors import SettingError
from jupyter_julia_aot.pipeline.recorder import Recorder
from jupyter_julia_aot.records import Candidate

if TYPE_CHECKING:
    from jupyter_julia_aot.history import History
    from jupyter_julia_aot.run import JuliaFunction


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A candidate that the user took, callable from Python."""

    candidate: Candidate
    run_id: str
    function: JuliaFunction


def accept(
    candidate_id: str,
    *,
    history: History,
    trust: bool = False,
    julia: str = "",
    route: str = "auto",
) -> Accepted:
    """Bind a candidate of the history (its id, or a unique beginning of it).

    Only a candidate whose trial against an oracle passed is bound, unless ``trust``. Raises
    :class:`SettingError` for an unproven one, :class:`~jupyter_julia_aot.errors.HistoryError`
    for an unknown id.
    """
    candidate, run_id = accepted_code(candidate_id, history=history, trust=trust)
    return take(candidate, run_id, history=history, julia=julia, route=route)


def take(
    candidate: Candidate, run_id: str, *, history: History, julia: str = "", route: str = "auto"
) -> Accepted:
    """Bind a candidate whose proof the caller has seen; the history need not be readable."""
    from jupyter_julia_aot.run import bind

    function = bind(candidate.name, candidate.code, julia=julia, route=route)
    Recorder(history, run_id).event("accepted", candidate_id=candidate.id, name=candidate.name)
    return Accepted(candidate=candidate, run_id=run_id, function=function)


def accepted_code(candidate_id: str, *, history: History, trust: bool = False) -> tuple[Candidate, str]:
    """The candidate and its run's id, if it may be used outside the sandbox (see :func:`accept`)."""
    entry = history.candidate(candidate_id)
    if not trust:
        _check_proven(history, entry.run_id, entry.candidate.id)
    return entry.candidate, entry.run_id


def _check_proven(history: History, run_id: str, candidate_id: str) -> None:
    detail = history.run(run_id)
    entry = next(c for c in detail.candidates if c.candidate.id == candidate_id)
    verdicts = [t.verdict for t in entry.trials]
    if detail.prompt is None or detail.prompt.oracle is None:
        raise SettingError(
            f"candidate {candidate_id} was not proven: its run had no tests",
            remedy=f"give tests (%%julia_tests {entry.candidate.name}), or accept it unproven with --trust",
        )
    if "passed" not in verdicts:
        said = verdicts[-1] if verdicts else "not tried"
        raise SettingError(
            f"candidate {candidate_id} did not pass its tests ({said})",
            remedy="choose one that passed, or accept it all the same with --trust",
        )
