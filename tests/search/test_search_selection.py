"""Choosing and telling apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_julia_aot.records import VERDICTS, Candidate, Checks, Fault, Trial, Verdict
from jupyter_julia_aot.search import distinct, duplicates, normalise, select


def candidate(id: str, code: str = "f(x) = x", parent: str | None = None) -> Candidate:
    return Candidate(id=id, name="f", code=code, origin="repair" if parent else "model", parent=parent)


def trial(id: str, verdict: Verdict, passed: int = 0, failed: int = 0) -> Trial:
    error = Fault(type="BoundsError", message="x") if verdict == "error" else None
    return Trial(candidate_id=id, verdict=verdict, checks=Checks(passed=passed, failed=failed), error=error)


def test_passed_first_then_fewer_repairs_then_shorter() -> None:
    candidates = [
        candidate("wrong"),
        candidate("fixed", "f(x)=1", parent="wrong"),
        candidate("long", "f(x) = 1 + 1 + 1"),
        candidate("short", "f(x) = 3"),
        candidate("untried", "f"),
    ]
    trials = [
        trial("wrong", "failed", 2, 1),
        *(trial(i, "passed", 3) for i in ("fixed", "long", "short")),
    ]
    chosen = select(candidates, trials)
    assert chosen.candidate_id == "short"
    assert chosen.ranking == ("short", "long", "fixed", "wrong", "untried")
    assert chosen.reason == "passed all 3 checks; the shortest of 3 that did"
    chosen = select([candidates[1], candidates[2]], trials)
    assert chosen.reason == "passed all 3 checks; the one with the fewest rewrites of 2 that did"


def test_the_rest_is_ranked_by_how_close_it_came() -> None:
    order = ["failed", "error", "timeout", "memory", "crashed", "blocked", "syntax"]
    candidates = [candidate(v) for v in reversed(order)] + [candidate("nearly")]
    trials = [trial(v, v, 1, 3) for v in order] + [trial("nearly", "failed", 3, 1)]  # type: ignore[arg-type]
    chosen = select(candidates, trials)
    assert chosen.candidate_id is None
    assert chosen.ranking == ("nearly", *order)
    assert chosen.reason == "no candidate passed; the closest ran but gave wrong values (3 of 4 checks held)"


def test_the_reason_names_the_error() -> None:
    assert select([candidate("a")], [trial("a", "error")]).reason == (
        "no candidate passed; the closest raised an error: BoundsError"
    )


@pytest.mark.parametrize(
    ("candidates", "reason"),
    [([], "no candidate passed: the answers held no Julia"), ([candidate("a")], "no candidate was tried")],
)
def test_nothing_to_choose_from(candidates: list[Candidate], reason: str) -> None:
    assert select(candidates, []).reason == reason
    assert select(candidates, []).candidate_id is None


def test_a_ring_of_parents_ends() -> None:
    ring = [candidate("a", parent="b"), candidate("b", parent="a")]
    assert select(ring, [trial("a", "passed", 1), trial("b", "passed", 1)]).candidate_id == "a"


verdicts = st.lists(st.sampled_from(VERDICTS), max_size=8)


@given(verdicts)
def test_ranking_is_a_permutation_and_only_the_passed_are_chosen(found: list[Verdict]) -> None:
    candidates = [candidate(str(i)) for i in range(len(found))]
    trials = [trial(str(i), v) for i, v in enumerate(found)]
    chosen = select(candidates, trials)
    assert sorted(chosen.ranking) == sorted(c.id for c in candidates)
    assert (chosen.candidate_id is None) == ("passed" not in found)
    if chosen.candidate_id is not None:
        assert found[int(chosen.candidate_id)] == "passed"


def test_layout_and_comments_make_no_new_program() -> None:
    one = "function f(x)  # doubles\n\n    2x\nend\n"
    two = "function f(x)\n  2x   \nend"
    other = 'function f(x)\n  "a  b"\nend'
    assert normalise(one) == normalise(two)
    assert normalise(other) != normalise('function f(x)\n  "a b"\nend')
    candidates = [candidate("a", one), candidate("b", two), candidate("c", other)]
    assert [c.id for c in distinct(candidates)] == ["a", "c"]
    assert duplicates(candidates) == {"b": "a"}


@given(st.text(max_size=80))
def test_a_normal_form_is_its_own(code: str) -> None:
    assert normalise(normalise(code)) == normalise(code)
