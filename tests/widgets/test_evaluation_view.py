"""The view of an evaluation."""

from __future__ import annotations

from jupyter_julia_aot.pipeline.evaluation import Evaluation, Progress
from jupyter_julia_aot.widgets.evaluation import OPEN_TASKS, evaluation_html, evaluation_text, progress_html
from tests.widgets.examples import HOSTILE
from tests.widgets.pages import outline, parsed


def test_while_it_runs_it_says_how_far_it_is_and_how_many_pass() -> None:
    at = Progress(done=40, total=200, passed=30, harness_errors=0, elapsed=4.0, remaining=16.4)
    seen = outline(progress_html("our tasks", "", at))
    assert "40 of 200 judged · 75% pass · about 16 s left" in seen
    assert "30 passed · 10 failed · 160 left" in seen


def test_before_anything_is_judged_it_says_what_it_does() -> None:
    at = Progress(done=0, total=8, passed=0, harness_errors=0, elapsed=0.0, remaining=None)
    assert "0 of 8 judged 8 left" in outline(progress_html("t", "", at))
    assert "asking the model" in outline(progress_html("t", "asking the model: task 1 of 3", None))


def test_the_result_has_pass_at_k_the_verdicts_and_every_task() -> None:
    found = Evaluation(
        tasks={"a": ("passed", "passed"), "b": ("failed", None)},
        ks=(1,),
        faults={"a worker was lost": 1},
        wall_seconds=2.5,
        julia="1.5.3",
    )
    seen = outline(evaluation_html("two", found))
    assert "pass@1 50.0%" in seen
    assert "2 passed · 1 failed" in seen
    assert "a 2/2" in seen
    assert "b 0/1 1 failed, 1 not judged" in seen
    assert "1 × not judged: a worker was lost" in seen
    assert "pass@1  50.0%" in evaluation_text("two", found)


def test_a_long_list_of_tasks_folds() -> None:
    def opened(count: int) -> bool:
        found = Evaluation(tasks={f"t{i}": ("passed",) for i in range(count)})
        return any(tag == "details" and "open" in a for tag, a in parsed(evaluation_html("x", found)).seen)

    assert opened(OPEN_TASKS)
    assert not opened(OPEN_TASKS + 1)


def test_what_others_wrote_is_text() -> None:
    found = Evaluation(tasks={HOSTILE: ("passed",)}, faults={HOSTILE: 1}, julia=HOSTILE)
    for page in (evaluation_html(HOSTILE, found), progress_html(HOSTILE, HOSTILE, None)):
        assert "<script>" not in page
        assert "<img" not in page
