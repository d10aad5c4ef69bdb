"""What the views show, whatever the viewer."""

from __future__ import annotations

import pytest

from jupyter_julia_aot.widgets.build_state import MOST_DIAGNOSTICS, BuildState
from jupyter_julia_aot.widgets.state import MOST_TEXT, GenerationState, diff_lines
from jupyter_julia_aot.widgets.static_html import build_html, generation_html
from jupyter_julia_aot.widgets.static_text import build_text, generation_text, size
from tests.widgets.examples import (
    HOSTILE,
    build,
    build_events,
    candidate,
    event,
    generation,
    generation_events,
    trial,
)
from tests.widgets.pages import parsed


@pytest.mark.parametrize("html", [generation_html(generation(HOSTILE, HOSTILE)), build_html(build(HOSTILE))])
def test_hostile_text_stays_text(html: str) -> None:
    page = parsed(html)
    assert not {"script", "img", "iframe", "object"} & {tag for tag, _ in page.seen}
    for tag, attributes in page.seen:
        assert not [a for a in attributes if a.startswith("on")], (tag, attributes)
    assert HOSTILE in page.text


def test_a_failed_build_with_hostile_messages_stays_text() -> None:
    page = parsed(build_html(build(HOSTILE, fails=True)))
    assert not {"script", "img"} & {tag for tag, _ in page.seen}


def test_the_static_form_fetches_nothing() -> None:
    for html in (generation_html(generation()), build_html(build())):
        for tag, attributes in parsed(html).seen:
            assert "src" not in attributes, tag
            assert "href" not in attributes, tag
        assert "@import" not in html
        assert "url(" not in html


def test_a_generation_in_words() -> None:
    text = generation_text(generation())
    assert "cube: done · 1 of 2 candidates passed · plain · 12 tokens · 1.5 s" in text
    assert "#1 model: syntax, 0/3 checks, 0.00 s, ParseErrorplain (line 1): plain" in text
    assert "→ #2 rewritten from #1: passed, 3/3 checks, 0.25 s" in text
    assert text.endswith("cube(x) = x ^ 3 # plain")


def test_a_build_in_words() -> None:
    text = build_text(build())
    assert "plain (exe): done · 2.5 s" in text
    assert "compile plain: 2.0 s" in text
    assert "error: line 2: plain" in text
    assert "1.72 MB (61.00 MB with what lies beside it), by plain" in text
    assert "ran once: exit code 0" in text


def test_unproven_candidates_are_not_called_passed() -> None:
    state = GenerationState("cube", "…", proven=False)
    for one in generation_events():
        state.add(one)
    assert "2 candidates, no tests given" in generation_text(state)


def test_tokens_collect_until_the_answer_is_there() -> None:
    state = GenerationState("cube", "…")
    first, *rest = generation_events()
    for one in (first, *rest[:2]):
        state.add(one)
    assert state.streams == {"0": "cube(x) = x ** 3"}
    state.add(rest[2])
    assert state.streams == {}
    assert state.head["answers"] == 1


def test_the_rewrite_shows_what_changed() -> None:
    row = generation().rows[1]
    assert row["parent_number"] == 1
    assert [mark for mark, _ in row["diff"]] == ["-", "+"]


def test_diff_lines_keep_unchanged_lines() -> None:
    assert diff_lines("a\nb", "a\nc") == [[" ", "a"], ["-", "b"], ["+", "c"]]


def test_a_cancelled_run_leaves_no_candidate_being_tried() -> None:
    state = GenerationState("cube", "…")
    state.add(candidate(1, "cube(x) = 1"))
    state.add(event("run_finished", status="cancelled", usage=None, seconds=1.0))
    assert state.head["status"] == "cancelled"
    assert state.rows[0]["verdict"] == "untried"


def test_endless_output_is_cut_for_the_browser() -> None:
    state = GenerationState("cube", "…")
    state.add(candidate(1, "x" * 10 * MOST_TEXT))
    state.add(trial(1, "passed", output="y" * 10 * MOST_TEXT))
    assert len(state.rows[0]["code"]) < MOST_TEXT + 100
    assert "more characters" in state.rows[0]["output"]


def test_diagnostics_point_at_the_source_line_and_are_limited() -> None:
    state = build()
    assert state.diagnostics[0]["source"] == "second plain"
    for _ in range(2 * MOST_DIAGNOSTICS):
        state.add(build_events()[3])
    assert len(state.diagnostics) == MOST_DIAGNOSTICS


def test_a_stopped_stage_is_not_shown_as_running() -> None:
    state = BuildState("cube", "exe")
    state.add(event("stage", name="compile", state="started", seconds=0.0))
    state.add(event("run_finished", status="cancelled", seconds=1.0))
    assert state.stages[0]["state"] == "stopped"


@pytest.mark.parametrize(
    ("count", "text"), [(12, "12 bytes"), (1500, "1.50 kB"), (1_720_000, "1.72 MB"), (2 * 10**9, "2.00 GB")]
)
def test_sizes_for_readers(count: int, text: str) -> None:
    assert size(count) == text
