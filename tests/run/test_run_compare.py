"""One function by every route: the same inputs and tests, equal or different, and what auto takes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_julia_aot.errors import OracleError, SettingError
from jupyter_julia_aot.pipeline.compared import Comparison, RouteResult, seconds
from jupyter_julia_aot.pipeline.comparing import compare, difference_of
from jupyter_julia_aot.pipeline.replay import record
from jupyter_julia_aot.pipeline.routes import take_best
from jupyter_julia_aot.pipeline.tracing import try_traced
from jupyter_julia_aot.records import Oracle, Toolchain
from jupyter_julia_aot.run import bind, close_sessions
from jupyter_julia_aot.run.measured import measured_route

STANDIN = Path(__file__).parent / "standin"
WAVE = "wave_c(x, s) = s .* sin.(x)"
TESTS = """
x = rand(3)
@test wave_c(x, 1.0) ≈ sin.(x)
@test wave_c([0.0], 2.0) == [0.0]
@test_throws MethodError wave_c(1)
@test sum(wave_c([1.0 2.0], 3.0)) ≈ 3 * (sin(1) + sin(2))
"""


@pytest.fixture(scope="module", autouse=True)
def julia(toolchain: Toolchain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    from jupyter_julia_aot.run.reactant import close_hosts

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JULIA_AOT_REACTANT_PROJECT", str(STANDIN))
        yield
    close_hosts()
    close_sessions()


@pytest.fixture
def own_measurements(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is measured here is no advice for later."""
    monkeypatch.setattr("jupyter_julia_aot.run.measured.cache_dir", lambda: tmp_path)


@pytest.mark.julia
@pytest.mark.usefixtures("own_measurements")
def test_routes_give_the_same_and_auto_remembers_the_best() -> None:
    found = compare("wave_c", WAVE, Oracle(source=TESTS), backend="cpu")
    rows = {r.route: r for r in found.rows}
    assert found.calls == 3, "the call that throws is not repeated"
    for route in ("worker", "reactant"):
        assert (rows[route].equal, rows[route].oracle) == (True, "passed")
        assert rows[route].memory_bytes
    assert not rows["library"].ran
    assert "was built" in rows["library"].reason
    assert "auto → " in str(found)
    best = take_best("wave_c", WAVE, found, backend="cpu")
    assert np.allclose(best(np.ones(2), 2.0), 2 * np.sin(1))
    assert found.best is not None
    assert measured_route("wave_c", WAVE) == (found.best.route, found.why)


@pytest.mark.julia
@pytest.mark.usefixtures("own_measurements")
def test_auto_takes_what_was_measured_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "jupyter_julia_aot.run.measured.measured_route",
        lambda name, code: ("worker", "worker: 1 µs (measured)"),
    )
    cube = bind("cube", "cube(x) = x^3")
    assert (cube.route, cube.why) == ("worker", "worker: 1 µs (measured)")
    assert cube(3) == 27


@pytest.mark.julia
def test_a_route_that_differs_is_never_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    import jupyter_julia_aot.pipeline.comparing as module

    real = module._open

    def wrong(route: str, *args: Any) -> Any:
        function, memory, here = real(route, *args)
        return (function if route == "worker" else lambda *a: function(*a) + 1), memory, here

    monkeypatch.setattr(module, "_open", wrong)
    found = compare("wave_c", WAVE, None, inputs=[(np.ones(2), 2.0)], routes=["reactant"], backend="cpu")
    assert not found.rows[1].equal
    assert found.best is found.rows[0]


@pytest.mark.julia
def test_the_tests_judge_results_computed_elsewhere() -> None:
    recording = record("wave_c", WAVE, Oracle(source=TESTS))
    right = [s * np.sin(x) for x, s in recording.inputs]
    assert recording.judge(right) == "passed"
    assert recording.judge([right[0], right[1] + 1, right[2]]).startswith("failed")
    recording.close()


@pytest.mark.julia
def test_python_tests_and_given_inputs() -> None:
    oracle = Oracle(source="assert cube(2) == 8\nassert cube(1.5) == 3.375", language="python")
    found = compare("cube", "cube(x) = x^3", oracle, routes=["worker"])
    assert (found.calls, found.rows[0].oracle) == (2, "passed")
    given = compare("cube", "cube(x) = x^3", None, inputs=[(3,), (4.0,)], routes=["worker"])
    assert (given.calls, given.rows[0].oracle) == (2, "no tests")


@pytest.mark.julia
def test_what_cannot_be_compared() -> None:
    with pytest.raises(SettingError, match="no tests"):
        compare("cube", "cube(x) = x^3", None)
    with pytest.raises(OracleError, match="do not pass on plain Julia"):
        compare("cube", "cube(x) = x^2", Oracle(source="@test cube(2) == 8"))


def test_differences() -> None:
    assert difference_of(np.array([1.0, math.nan]), np.array([1.0, math.nan])) == 0
    assert difference_of(np.array([1.0, 2.0]), np.array([1.0, 2.0 + 2e-9])) == pytest.approx(1e-9)
    assert difference_of(np.array([1, 2]), np.array([1, 3])) == math.inf
    assert difference_of((1.0, "a"), (1.0, "a")) == 0
    assert difference_of((1.0, "a"), (1.0, "b")) == math.inf
    assert difference_of(np.ones(2), np.ones(3)) == math.inf
    assert difference_of(True, 1.0) == 0


def test_the_best_route_is_the_fastest_that_is_right() -> None:
    rows = (
        RouteResult(route="worker", ran=True, equal=True, difference=0.0, oracle="passed", first_seconds=2.0,
                    steady_seconds=3e-4),
        RouteResult(route="juliacall", ran=False, reason="<b>no</b>"),
        RouteResult(route="reactant", ran=True, equal=False, difference=0.5, oracle="failed: x",
                    first_seconds=1.0, steady_seconds=1e-6),
    )  # fmt: skip
    found = Comparison(name="f", calls=1, rows=rows)
    assert found.best is rows[0], "the fastest one is wrong"
    assert found.why == "worker: 300 µs per call, against reactant 1 µs (measured)"
    assert [seconds(t) for t in (1.0, 0.0123, 2.5e-7)] == ["1 s", "12.3 ms", "250 ns"]


@pytest.mark.julia
def test_a_generated_function_is_tried_with_reactant(monkeypatch: pytest.MonkeyPatch) -> None:
    function, said = try_traced("plus_c", "plus_c(x) = x .+ 1", Oracle(source="@test plus_c([1.0]) == [2.0]"))
    assert function is not None
    assert "gives plain Julia's results (identical)" in said
    monkeypatch.setenv("JULIA_AOT_REACTANT_PROJECT", "/nowhere")
    function, said = try_traced("plus_c", "plus_c(x) = x .+ 1", None)
    assert function is None
    assert "was not tried with Reactant" in said


@pytest.mark.julia
def test_functions_that_change_their_arguments_are_compared_by_what_they_changed() -> None:
    code = "function halve_c!(x)\n    x ./= 2\n    return x\nend"
    julia = "x = [1.0, 2.0]\n@test halve_c!(x) === x\n@test x == [0.5, 1.0]"
    python = "import numpy as np\nx = np.ones(2)\nassert halve_c(x) is x\nassert x.tolist() == [0.5, 0.5]"
    found = compare("halve_c!", code, Oracle(source=julia), routes=["reactant"], backend="cpu")
    assert [(r.equal, r.oracle) for r in found.rows] == [(True, "passed")] * 2
    code = code.replace("!", "")
    found = compare("halve_c", code, Oracle(source=python, language="python"), routes=["worker"])
    assert [(r.equal, r.oracle) for r in found.rows] == [(True, "passed")]
    silent = compare("zero_c!", "zero_c!(x) = (x .= 0; nothing)", None, inputs=[(np.ones(2),)], routes=[])
    assert silent.rows[0].equal
