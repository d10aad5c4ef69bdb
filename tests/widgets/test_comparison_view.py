"""The view of a comparison of routes."""

from __future__ import annotations

import pytest

from jupyter_julia_aot.pipeline.compared import Comparison, RouteResult
from jupyter_julia_aot.widgets.comparison import comparison_html
from tests.widgets.examples import HOSTILE
from tests.widgets.pages import outline


def result(route: str, steady: float, **more: object) -> RouteResult:
    values = {"ran": True, "equal": True, "difference": 0.0, "oracle": "passed", **more}
    return RouteResult(route=route, first_seconds=1.0, steady_seconds=steady, **values)  # type: ignore[arg-type]


def test_it_shows_every_route_and_marks_the_one_taken() -> None:
    rows = (
        result("worker", 2e-4, memory_bytes=180_000_000),
        result("library", 1.5e-7),
        result("reactant", 1e-9, equal=False, difference=0.5),
        RouteResult(route="juliacall", ran=False, reason="needs Julia 1.10.3"),
    )
    page = comparison_html(Comparison(name="cube", calls=4, rows=rows))
    seen = outline(page)
    assert "the same 4 calls by 3 of 4 routes" in seen
    assert "library identical tests passed taken" in seen, "the fastest of those that are right"
    assert "reactant different (0.5)" in seen
    assert "juliacall not run needs Julia 1.10.3" in seen
    assert "worker identical tests passed · 180 MB" in seen


def test_bars_grow_with_the_logarithm_of_the_time() -> None:
    page = comparison_html(Comparison(name="f", calls=1, rows=(result("a", 1e-7), result("b", 1e-3))))
    first, second = (int(part.split("%")[0]) for part in page.split("width:")[-4:-2])
    assert (first, second) == (pytest.approx(20, abs=1), 100), "one decade above the axis, and five"


def test_without_a_route_that_is_right_none_is_taken() -> None:
    page = comparison_html(Comparison(name="f", calls=1, rows=(result("worker", 1.0, equal=False),)))
    assert "taken" not in outline(page)
    assert "no route ran with the right results" in outline(page)


def test_what_others_wrote_is_text() -> None:
    rows = (
        RouteResult(route=HOSTILE, ran=False, reason=HOSTILE),
        result("library", 1.0, oracle=f"failed: {HOSTILE}"),
    )
    page = comparison_html(Comparison(name=HOSTILE, calls=1, rows=rows))
    assert "<script>" not in page
    assert "<img" not in page
