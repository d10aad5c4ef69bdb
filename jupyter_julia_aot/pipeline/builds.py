"""A recipe becomes an artifact; every stage is an event, and any of them can be stopped."""

from __future__ import annotations

import dataclasses
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_julia_aot.errors import BuildError, Cancelled, CapabilityError, JuliaAotError
from jupyter_julia_aot.pipeline.recorder import Recorder
from jupyter_julia_aot.records import BuildResult, Capability, Diagnostic, Event, Oracle, Recipe, Toolchain

if TYPE_CHECKING:
    from jupyter_julia_aot.history import History

POLL_SECONDS = 0.1

# Which capability each way of building needs; those of a free choice, best first.
_BACKEND_CAPABILITY: dict[str, Capability] = {
    "juliac": "juliac",
    "juliac.jl": "juliac",
    "packagecompiler": "packagecompiler",
    "sysimage": "sysimage",
    "package-image": "sysimage",
}
_BEST_FIRST: tuple[Capability, ...] = ("juliac", "packagecompiler", "sysimage")


def build_events(
    recipe: Recipe,
    *,
    julia: str = "",
    out: Path | None = None,
    history: History | None = None,
    cancel: threading.Event | None = None,
    oracle: Oracle | None = None,
    fresh: bool = False,
    compare: Sequence[str] | None = None,
) -> Iterator[Event]:
    """Build ``recipe`` (``fresh``: even if it is in the cache).

    With ``compare``, the program's arguments, it is then timed (stage ``compare``; ``BuildResult.times``).
    Yields ``build_started``, stages, diagnostics, ``built``, ``run_finished``.

    With an ``oracle`` for the function that the recipe is named after, the artifact is judged by it
    (stage ``prove``), which the result's ``proof`` or a diagnostic then tells. A set ``cancel``, an
    interrupt, or closing the generator stops the build; the last event then
    says ``cancelled``. Raises :class:`~jupyter_julia_aot.errors.JuliaAotError` after an ``error``
    event when it failed.
    """
    recorder = Recorder(history)
    cancel = cancel or threading.Event()
    work = _Building(recipe, choose_builder(recipe, julia), out, cancel, fresh)
    began = time.monotonic()

    def finished(status: str) -> Event:
        return recorder.event("run_finished", status=status, seconds=time.monotonic() - began)

    # From its first event on it is a run that has an end: an interrupt may come at any moment.
    try:
        try:
            yield recorder.event("build_started", recipe=recipe)
            work.start()
            for name, state, seconds in work.stages():
                yield recorder.event("stage", name=name, state=state, seconds=seconds)
            result = work.result()
            after: list[tuple[str, Callable[[BuildResult], BuildResult]]] = []
            if oracle is not None and recipe.code is not None:
                after.append(("prove", lambda built: proven(built, recipe, oracle, julia)))
            if compare is not None:
                after.append(("compare", lambda built: timed(built, recipe, compare, julia, cancel)))
            for name, step in after:
                began_step = time.monotonic()
                yield recorder.event("stage", name=name, state="started", seconds=0.0)
                result = step(result)
                seconds = time.monotonic() - began_step
                yield recorder.event("stage", name=name, state="finished", seconds=seconds)
            for diagnostic in result.diagnostics:
                yield recorder.event("diagnostic", diagnostic=diagnostic)
            if result.diff:
                yield recorder.event("fixed", fixes=result.fixes, diff=result.diff)
            yield recorder.event("built", result=result)
            yield finished("done")
        except (KeyboardInterrupt, Cancelled):
            work.stop()
            yield finished("cancelled")
    except GeneratorExit:
        work.stop()
        finished("cancelled")
        raise
    except JuliaAotError as error:
        if isinstance(error, BuildError):
            for diagnostic in error.diagnostics:
                yield recorder.event("diagnostic", diagnostic=diagnostic)
            if error.diff:
                yield recorder.event("fixed", fixes=(), diff=error.diff)
        yield recorder.error(error)
        yield finished("failed")
        raise
    yield from recorder.warning()


def proven(result: BuildResult, recipe: Recipe, oracle: Oracle, julia: str) -> BuildResult:
    """The result with the oracle's answer on the artifact, or with the reason that there is none."""
    from jupyter_julia_aot.pipeline.proving import prove

    name = recipe.entry or recipe.name
    try:
        proof = prove(result.artifact, name, recipe.code or "", oracle, julia=julia)
    except JuliaAotError as error:
        told = Diagnostic(
            severity="warning", message=f"the tests could not be asked about the artifact: {error.message}"
        )
        return dataclasses.replace(result, diagnostics=(*result.diagnostics, told))
    return dataclasses.replace(result, proof=proof)


def timed(
    result: BuildResult,
    recipe: Recipe,
    arguments: Sequence[str],
    julia: str,
    cancel: threading.Event,
) -> BuildResult:
    """The result with its times, or with the reason that there are none."""
    from jupyter_julia_aot.pipeline.timing import compare_times

    try:
        times = compare_times(result.artifact, recipe, arguments, julia=julia, cancel=cancel)
    except JuliaAotError as error:
        if isinstance(error, Cancelled):
            raise
        told = Diagnostic(severity="warning", message=f"it was not timed: {error.message}")
        return dataclasses.replace(result, diagnostics=(*result.diagnostics, told))
    return dataclasses.replace(result, times=times)


def choose_builder(recipe: Recipe, julia: str = "") -> Toolchain:
    """The toolchain that builds ``recipe``: the asked-for way, else the best there is.

    Raises :class:`CapabilityError` with the reason of the best way that is missing, or
    :class:`~jupyter_julia_aot.errors.NoJuliaError`.
    """
    from jupyter_julia_aot.toolchain import choose_toolchain

    if recipe.backend is not None:
        return choose_toolchain(_BACKEND_CAPABILITY[recipe.backend], julia)
    needs_juliac = recipe.trim not in ("no", "auto")
    first: CapabilityError | None = None
    for capability in _BEST_FIRST[:1] if needs_juliac else _BEST_FIRST:
        try:
            return choose_toolchain(capability, julia)
        except CapabilityError as error:
            first = first or error
    assert first is not None  # noqa: S101 - the loop returned or failed at least once
    raise first


class _Building(threading.Thread):
    """The build, in a thread, so that its events can be shown while it goes on."""

    def __init__(
        self, recipe: Recipe, toolchain: Toolchain, out: Path | None, cancel: threading.Event, fresh: bool
    ) -> None:
        super().__init__(name="julia-aot-build", daemon=True)
        self._recipe = recipe
        self._toolchain = toolchain
        self._out = out
        self._cancel = cancel
        self._fresh = fresh
        self._inbox: queue.SimpleQueue[tuple[str, str, float] | None] = queue.SimpleQueue()
        self._result: BuildResult | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        from jupyter_julia_aot.build import build
        from jupyter_julia_aot.pipeline.confined import first_run

        try:
            self._result = build(
                self._recipe,
                self._toolchain,
                out=self._out,
                report=lambda *stage: self._inbox.put(stage),
                cancel=self._cancel,
                confined=first_run,
            )
        except BaseException as error:  # raised again by result()
            self._error = error
        self._inbox.put(None)

    def stages(self) -> Iterator[tuple[str, str, float]]:
        """Stage names, ``started`` or ``finished``, and seconds, until the build is over."""
        while True:
            try:
                stage = self._inbox.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            if stage is None:
                return
            yield stage

    def result(self) -> BuildResult:
        if self._error is not None:
            raise self._error
        assert self._result is not None  # noqa: S101 - one of both is set when the thread ends
        return self._result

    def stop(self) -> None:
        """Ask the build to stop, and give it the time to kill what it started."""
        self._cancel.set()
        if self.ident is not None:
            self.join(timeout=1.0)
