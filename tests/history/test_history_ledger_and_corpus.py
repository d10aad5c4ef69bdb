"""Money and the verified corpus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_julia_aot.errors import HistoryError
from jupyter_julia_aot.history import History, export_corpus, ledger
from jupyter_julia_aot.history.corpus import FIELDS
from jupyter_julia_aot.history.costs import baseline
from jupyter_julia_aot.records import Usage
from tests.history.makers import event, run_events


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = History(tmp_path / "h.sqlite3")
    for name, verdicts, at in (
        ("early", ("passed",), 1_000.0),
        ("mean", ("failed", "passed"), 1_790_000_000.0),
        ("broken", ("syntax", "error"), 1_790_000_100.0),
    ):
        for item in run_events(name, verdicts, at=at):  # type: ignore[arg-type]
            history.record(item)
    return history


def test_the_ledger_adds_up(history: History) -> None:
    book = ledger(history, 1_700_000_000.0, watts=3600.0, tariff=0.5, baselines=["claude-sonnet-4-5"])
    assert (book.runs, book.solved) == (2, 1)
    assert book.usage == Usage(prompt_tokens=400, completion_tokens=80, cached_tokens=320, seconds=1.0)
    assert book.energy_kwh == pytest.approx(0.001)
    assert book.energy_cost == pytest.approx(0.0005)
    assert book.cost_per_solved == pytest.approx(0.0005)
    (there,) = book.baselines
    # $3 input, $0.30 cached input, $15 output per million tokens.
    assert there.cost == pytest.approx((80 * 3 + 320 * 0.3 + 80 * 15) / 1e6)
    assert there.per_solved == there.cost
    assert [d.runs for d in book.days] == [2]
    assert len(history.ledger().days) == 2


def test_a_killed_run_counts_the_answers_it_got(history: History) -> None:
    history.delete(history.runs()[0].id)
    before = ledger(history, baselines=[]).usage.completion_tokens
    for item in run_events("half", ("failed", "failed"), finish=False):
        history.record(item)
    assert ledger(history, baselines=[]).usage.completion_tokens == before + 40


def test_builds_are_no_runs_of_a_model(history: History) -> None:
    before = ledger(history, baselines=[]).runs
    history.record(event("b", "build_started", recipe={"name": "f"}))
    assert ledger(history, baselines=[]).runs == before


def test_an_unknown_model_is_said_not_guessed() -> None:
    there = baseline("no-such-model-anywhere", Usage(prompt_tokens=1))
    assert there.cost is None
    assert "no-such-model-anywhere" in there.note


def test_an_empty_history_costs_nothing(tmp_path: Path) -> None:
    with History(tmp_path / "h.sqlite3") as history:
        book = ledger(history)
    assert (book.runs, book.energy_cost, book.cost_per_solved) == (0, 0.0, None)


def test_the_corpus_holds_what_was_proven_and_what_failed_before(history: History, tmp_path: Path) -> None:
    for item in run_events("mean"):
        history.record(item)
    out = tmp_path / "corpus.jsonl"
    assert export_corpus(history, out) == 2, "the same solution of the same prompt counts once"
    early, mean = [json.loads(line) for line in out.read_text().splitlines()]
    assert tuple(mean) == FIELDS
    assert early["failed"] == []
    assert mean["solution"].startswith("function mean(v)\n    passed_1")
    assert mean["failed"][0]["verdict"] == "failed"
    assert mean["failed"][0]["error"]["type"] == "MethodError"
    assert (mean["model"], mean["seed"], mean["checks"]) == ("smollm2", 7, 3)
    assert mean["tests"] == "@test mean([1]) == 1"
    assert [p.name for p in tmp_path.glob(".corpus*")] == []


def test_a_corpus_that_cannot_be_written(history: History, tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="cannot write the corpus"):
        export_corpus(history, tmp_path / "no" / "such" / "corpus.jsonl")
