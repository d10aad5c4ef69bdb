"""What a comparison of routes found: as records and as text."""

from __future__ import annotations

import math
from dataclasses import dataclass

WITHIN = 1.49e-8
"""Relative difference up to which floating-point results count as equal: the square root of Float64's epsilon
(of Float32's, 3.5e-4, where the result has that type). Compilers may contract or reorder operations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteResult:
    """One route. Times are seconds, ``None`` where it was not run; ``reason`` then says why.

    ``difference``: the largest relative difference to plain Julia's results, 0 for identical ones.
    ``first_seconds``: from code to the first result (start of Julia not counted where it ran already);
    ``steady_seconds``: median of one call; ``memory_bytes``: the most its process had (``this_process``:
    which is the notebook's kernel).
    """

    route: str
    ran: bool
    reason: str = ""
    equal: bool = False
    difference: float = math.nan
    oracle: str = ""
    """``passed``, ``failed: …``, or why the tests could not be asked."""
    first_seconds: float | None = None
    steady_seconds: float | None = None
    memory_bytes: int | None = None
    this_process: bool = False

    @property
    def verdict(self) -> str:
        """In words."""
        if not self.ran:
            return "not run"
        if not self.equal:
            return f"different ({self.difference:.2g})"
        return "identical" if self.difference == 0 else f"equal within {self.difference:.1g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All routes of one function, on the same inputs."""

    name: str
    calls: int
    rows: tuple[RouteResult, ...]

    @property
    def best(self) -> RouteResult | None:
        """The fastest route, once running, among those that give plain Julia's results and pass the tests."""
        able = [r for r in self.rows if r.equal and r.steady_seconds is not None and "failed" not in r.oracle]
        return min(able, key=lambda r: r.steady_seconds or 0.0, default=None)

    @property
    def why(self) -> str:
        """Why ``best`` is that one."""
        best = self.best
        if best is None:
            return "no route ran with the right results"
        others = [
            f"{r.route} {seconds(r.steady_seconds)}" for r in self.rows if r.steady_seconds and r is not best
        ]
        against = f", against {', '.join(others)}" if others else ", the only one that ran"
        return f"{best.route}: {seconds(best.steady_seconds)} per call{against} (measured)"

    def __str__(self) -> str:
        head = f"{'route':<10} {'result':<22} {'tests':<8} {'first call':>11} {'then':>10} {'memory':>9}"
        lines = [f"{self.name}: the same {self.calls} call{'s' * (self.calls != 1)} by every route", head]
        for r in self.rows:
            if not r.ran:
                lines.append(f"{r.route:<10} not run: {r.reason.splitlines()[0]}")
                continue
            lines.append(
                f"{r.route:<10} {r.verdict:<22} {r.oracle.split(':')[0]:<8} {seconds(r.first_seconds):>11} "
                f"{seconds(r.steady_seconds):>10} {memory(r):>9}"
            )
        return "\n".join([*lines, f"auto → {self.why}"])


def seconds(value: float | None) -> str:
    """A time with its unit."""
    if value is None:
        return "–"
    for factor, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= factor * 0.9995:
            return f"{value / factor:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def memory(row: RouteResult) -> str:
    """The most memory a route's process had; a star marks that of the kernel itself."""
    if row.memory_bytes is None:
        return "–"
    return f"{row.memory_bytes / 1e6:.0f} MB" + ("*" if row.this_process else "")
