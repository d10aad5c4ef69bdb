"""One function by every route that this machine has: the same inputs, the same tests, the same clock."""

from __future__ import annotations

import copy
import math
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from jupyter_julia_aot.errors import JuliaAotError, SettingError
from jupyter_julia_aot.pipeline.compared import WITHIN, Comparison, RouteResult
from jupyter_julia_aot.pipeline.replay import Outcome, Recording, outcome, record
from jupyter_julia_aot.records import Artifact, Oracle

ROUTES = ("worker", "juliacall", "library", "reactant")
_BUDGET = 0.4
_MOST_PASSES = 200
_SQRT_EPS32 = 3.46e-4


def compare(
    name: str,
    code: str,
    oracle: Oracle | None,
    *,
    inputs: Sequence[tuple[Any, ...]] = (),
    routes: Sequence[str] = ROUTES,
    artifact: Artifact | None = None,
    backend: str = "auto",
    julia: str = "",
    progress: Callable[[str], None] | None = None,
) -> Comparison:
    """Run ``name`` of ``code`` by each route on the calls that its tests make, or on ``inputs``.

    ``artifact``: the built library of the same code, for the route ``library``; ``backend``: Reactant's. The
    reference is plain Julia in the worker. Raises :class:`SettingError` without tests and inputs,
    :class:`OracleError` when the tests fail on plain Julia.
    """
    say = progress or (lambda text: None)
    if oracle is None and not inputs:
        raise SettingError(
            f"{name} has no tests to take inputs from", remedy=f"%%julia_tests {name}, or --with VARIABLES"
        )
    recording: Recording | None = None
    if oracle is not None and not inputs:
        say("running the tests on plain Julia")
        recording = record(name, code, oracle, julia=julia)
        inputs = recording.inputs
    try:
        rows: list[RouteResult] = []
        reference: list[Outcome] = []
        for route in ["worker", *[r for r in ROUTES if r in routes and r != "worker"]]:
            say(f"measuring {route}")
            row, results = _measure(route, name, code, inputs, reference, artifact, backend, julia, recording)
            rows.append(row)
            if route == "worker":
                reference = results
        return Comparison(name=name, calls=len(inputs), rows=tuple(rows))
    finally:
        if recording is not None:
            recording.close()


def _measure(
    route: str,
    name: str,
    code: str,
    inputs: Sequence[tuple[Any, ...]],
    reference: list[Outcome],
    artifact: Artifact | None,
    backend: str,
    julia: str,
    recording: Recording | None,
) -> tuple[RouteResult, list[Outcome]]:
    try:
        start = time.perf_counter()
        function, memory, here = _open(route, name, code, artifact, backend, julia)
        results = [outcome(function, inputs[0])]
        first = time.perf_counter() - start
        results += [outcome(function, args) for args in inputs[1:]]
        given, wanted = map(_all_given, results), map(_all_given, reference)
        difference = max(map(difference_of, given, wanted), default=0.0)
        tolerance = max(map(_tolerance, map(_all_given, reference or results)), default=0.0)
        steady = _steady(function, inputs, changes=name.endswith("!"))
        used = memory()
    except JuliaAotError as error:
        return RouteResult(route=route, ran=False, reason=str(error)), []
    return (
        RouteResult(
            route=getattr(function, "label", route),
            ran=True,
            equal=difference <= tolerance,
            difference=difference,
            oracle=recording.judge(results) if recording is not None else "no tests",
            first_seconds=first,
            steady_seconds=steady,
            memory_bytes=used,
            this_process=here,
        ),
        results,
    )


def _all_given(done: Outcome) -> tuple[Any, ...]:
    """Value and changed arguments. An argument that came back need not be the same object on all routes."""
    return (done.value, *done.changed)


def _open(
    route: str, name: str, code: str, artifact: Artifact | None, backend: str, julia: str
) -> tuple[Any, Callable[[], int | None], bool]:
    """The function, how much memory its process had at most, and whether that is this process."""
    if route in ("worker", "juliacall"):
        from jupyter_julia_aot.run import bind

        function = bind(name, code, julia=julia, route=route)
        return function, function.memory_bytes, route == "juliacall"
    if route == "library":
        if artifact is None:
            raise SettingError(
                "no library of this code was built", remedy=f"%%juliac {name} --lib, then compare again"
            )
        from jupyter_julia_aot.build.bindings.load import load_library
        from jupyter_julia_aot.run.names import python_name

        library = load_library(artifact)
        return library[python_name(name)], _own_memory, library.route == "process"
    from jupyter_julia_aot.run.reactant import reactant_function

    traced = reactant_function(name, code, backend, julia=julia)
    return traced, traced.memory_bytes, False


def open_route(
    route: str,
    name: str,
    code: str,
    *,
    artifact: Artifact | None = None,
    backend: str = "auto",
    julia: str = "",
) -> Any:
    """The function by one route, ready to be called. Raises what that route raises."""
    return _open(route, name, code, artifact, backend, julia)[0]


def _own_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _steady(function: Any, inputs: Sequence[tuple[Any, ...]], *, changes: bool) -> float:
    """Median seconds of one call, over as many passes through the inputs as a short time allows."""
    times: list[float] = []
    end = time.perf_counter() + _BUDGET
    for _ in range(_MOST_PASSES):
        for args in inputs:
            sent = copy.deepcopy(args) if changes else args
            start = time.perf_counter()
            function(*sent)
            times.append(time.perf_counter() - start)
        if time.perf_counter() > end:
            break
    return statistics.median(times)


# ---------------------------------------------------------------- the same result?


def difference_of(value: Any, expected: Any) -> float:
    """The largest relative difference between two results: 0 when identical, infinite when unlike."""
    import numpy as np

    numbers = (int, float, complex, np.generic, np.ndarray)
    if isinstance(value, numbers) and isinstance(expected, numbers):
        a, b = np.asarray(value), np.asarray(expected)
        if a.shape != b.shape:
            return math.inf
        if a.dtype.kind in "biu" and b.dtype.kind in "biu":
            return 0.0 if np.array_equal(a, b) else math.inf
        if a.dtype.kind not in "biufc" or b.dtype.kind not in "biufc":
            return 0.0 if np.array_equal(a, b) else math.inf
        same = (a == b) | ((a != a) & (b != b))
        if bool(same.all()):
            return 0.0
        with np.errstate(invalid="ignore", over="ignore"):
            error = np.where(same, 0.0, np.abs(a - b))
            largest = float(error.max() / (np.abs(np.where(same, 0.0, b)).max() or 1.0))
        return largest if math.isfinite(largest) else math.inf
    if isinstance(value, tuple | list) and isinstance(expected, tuple | list):
        if len(value) != len(expected):
            return math.inf
        return max(map(difference_of, value, expected), default=0.0)
    return 0.0 if type(value) is type(expected) and value == expected else math.inf


def _tolerance(value: Any) -> float:
    kinds = {str(dtype) for dtype in _kinds(value)}
    if kinds & {"float32", "complex64"}:
        return _SQRT_EPS32
    if kinds & {"float64", "complex128", "float16"}:
        return WITHIN if "float16" not in kinds else 3.2e-2
    return 0.0


def _kinds(value: Any) -> Iterator[Any]:
    import numpy as np

    if isinstance(value, tuple | list):
        for item in value:
            yield from _kinds(item)
    elif isinstance(value, int | float | complex | np.generic | np.ndarray):
        yield np.asarray(value).dtype
