"""pass@k, intervals, comparison, the result file and its page."""

from __future__ import annotations

import json
import math
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_julia_aot.bench import Evaluation, bootstrap, compare, pass_at_k, read_evaluation, report_html
from jupyter_julia_aot.bench.pairing import sign_test
from jupyter_julia_aot.errors import BenchError


@given(st.integers(1, 8).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n))))
def test_pass_at_k_is_the_share_of_k_subsets_with_a_pass(case: tuple[int, int, int]) -> None:
    n, c, k = case
    subsets = list(combinations(range(n), k))
    share = sum(any(i < c for i in subset) for subset in subsets) / len(subsets)
    assert pass_at_k(n, c, k) == pytest.approx(share)


@pytest.mark.parametrize(("n", "c", "k"), [(4, 1, 5), (4, 1, 0), (0, 0, 1), (4, 5, 1), (4, -1, 1)])
def test_what_cannot_be_estimated_is_refused(n: int, c: int, k: int) -> None:
    with pytest.raises(BenchError):
        pass_at_k(n, c, k)


def test_the_interval_covers_and_repeats() -> None:
    values = [1.0] * 30 + [0.0] * 70
    low, high = bootstrap(values)
    # The binomial's normal approximation: 0.3 ± 1.96 · sqrt(0.3 · 0.7 / 100).
    assert low == pytest.approx(0.21, abs=0.02)
    assert high == pytest.approx(0.39, abs=0.02)
    assert bootstrap(values) == (low, high)
    assert bootstrap([0.5]) == (0.5, 0.5)
    assert bootstrap([]) == (0.0, 0.0)


RESULT = Evaluation(
    tasks={
        "a": ("passed", "failed", "passed", "syntax"),
        "b": ("timeout", None, "passed", "passed"),
        "<script>alert(1)</script>": ("failed", "failed", "error", "memory"),
    },
    ks=(1, 2),
    faults={"WorkerError: <b>lost</b>": 1},
    wall_seconds=2.0,
    worker_seconds=3.5,
    julia="1.12.5",
)


def test_harness_errors_count_neither_for_nor_against() -> None:
    assert RESULT.harness_errors == 1
    assert RESULT.judged == 11
    assert RESULT.per_task(1) == {"a": 0.5, "b": pytest.approx(2 / 3), "<script>alert(1)</script>": 0.0}
    assert RESULT.per_task(4).keys() == {"a", "<script>alert(1)</script>"}, "b has only three verdicts"
    assert RESULT.syntax_rate == pytest.approx(10 / 11)


def test_the_result_file_is_the_contract_and_reads_back(tmp_path: Path) -> None:
    data = json.loads(json.dumps(RESULT.to_json()))
    required = {"pass@k", "tasks", "harness_errors", "wall_seconds", "worker_seconds", "julia"}
    assert required <= data.keys()
    assert data["pass@k"].keys() == {"1", "2"}
    assert data["tasks"]["b"] == ["timeout", None, "passed", "passed"]
    path = tmp_path / "out.json"
    path.write_text(json.dumps(data))
    assert read_evaluation(path) == RESULT


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"tasks": {"a": ["fine"]}}', "\x00"])
def test_a_bad_result_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "out.json"
    path.write_text(content)
    with pytest.raises(BenchError, match=r"out\.json: no result"):
        read_evaluation(path)
    with pytest.raises(BenchError, match="No such file"):
        read_evaluation(tmp_path / "none.json")


def test_the_page_is_self_contained_and_escaped() -> None:
    page = report_html(RESULT, "A < B")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;b&gt;lost&lt;/b&gt;" in page
    assert "<h1>A &lt; B</h1>" in page
    assert "http" not in page
    assert "src=" not in page
    assert "pass@2" in page


def test_comparison_pairs_by_task() -> None:
    a = Evaluation(tasks={"x": ("failed",), "y": ("passed",), "z": ("passed",), "only": ("passed",)})
    b = Evaluation(tasks={"x": ("passed",), "y": ("passed",), "z": ("failed",), "other": ("failed",)})
    found = compare(a, b)
    assert (found.tasks, found.only_a, found.only_b) == (3, ("only",), ("other",))
    assert found.a == found.b == pytest.approx(2 / 3)
    assert (found.better, found.worse, found.p_value) == (("x",), ("z",), 1.0)
    assert found.interval[0] < 0 < found.interval[1]
    many = {f"t{i}": ("failed",) for i in range(20)}
    clear = compare(Evaluation(tasks=many), Evaluation(tasks=dict.fromkeys(many, ("passed",))))  # type: ignore[arg-type]
    assert clear.p_value < 1e-4
    assert clear.difference == 1.0
    with pytest.raises(BenchError, match="no task in common"):
        compare(a, Evaluation(tasks={"q": ("passed",)}))


@given(st.integers(0, 30), st.integers(0, 30))
def test_the_sign_test_is_symmetric_and_exact(wins: int, losses: int) -> None:
    p = sign_test(wins, losses)
    assert p == sign_test(losses, wins)
    assert 0 < p <= 1
    n = wins + losses
    worst = max(wins, losses)
    exact = sum(math.comb(n, i) for i in range(n + 1) if max(i, n - i) >= worst) / 2**n
    assert p == pytest.approx(min(1.0, exact) if wins != losses else 1.0)
