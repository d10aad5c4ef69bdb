"""What a comparison of routes found: as records, as text, and as a picture."""

from __future__ import annotations

import html
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
        lines = [f"{self.name}: {self.calls} calls from its tests on every route", head]
        for r in self.rows:
            if not r.ran:
                lines.append(f"{r.route:<10} not run: {r.reason.splitlines()[0]}")
                continue
            lines.append(
                f"{r.route:<10} {r.verdict:<22} {r.oracle.split(':')[0]:<8} {seconds(r.first_seconds):>11} "
                f"{seconds(r.steady_seconds):>10} {_memory(r):>9}"
            )
        return "\n".join([*lines, f"auto → {self.why}"])

    def _repr_html_(self) -> str:
        cells = "".join(_row(r) for r in self.rows)
        heads = ("route", "result", "tests", "first call", "then", "memory")
        head = "".join(f"<th>{h}</th>" for h in heads)
        return (
            f"<div><table><tr>{head}</tr>{cells}</table>{self._plot()}"
            f"<p>{html.escape(self.name)}: {self.calls} calls on every route. "
            f"<b>auto</b> → {html.escape(self.why)}</p></div>"
        )

    def _plot(self) -> str:
        """Bars of first and steady time on a logarithmic axis."""
        ran = [r for r in self.rows if r.first_seconds and r.steady_seconds]
        if not ran:
            return ""
        times = [t for r in ran for t in (r.first_seconds, r.steady_seconds) if t]
        low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))
        high = max(high, low + 1)
        left, width, height = 90, 420, 34 * len(ran) + 26
        scale = width / (high - low)

        def bar(y: int, value: float, colour: str, title: str) -> str:
            length = max((math.log10(value) - low) * scale, 2)
            return (
                f'<rect x="{left}" y="{y}" width="{length:.0f}" height="11" fill="{colour}">'
                f"<title>{html.escape(title)}: {seconds(value)}</title></rect>"
                f'<text x="{left + length + 4:.0f}" y="{y + 10}" font-size="10">{seconds(value)}</text>'
            )

        parts = [
            f'<line x1="{left + i * scale:.0f}" x2="{left + i * scale:.0f}" y1="0" y2="{height - 20}" '
            f'stroke="currentColor" opacity=".15"/><text x="{left + i * scale:.0f}" y="{height - 8}" '
            f'font-size="10" text-anchor="middle">{seconds(10.0 ** (low + i))}</text>'
            for i in range(high - low + 1)
        ]
        for i, r in enumerate(ran):
            y = 34 * i + 4
            parts.append(f'<text x="0" y="{y + 16}" font-size="12">{html.escape(r.route)}</text>')
            parts.append(bar(y, r.first_seconds or 1.0, "#9ab", "first call"))
            parts.append(bar(y + 12, r.steady_seconds or 1.0, "#389", "then"))
        return (
            f'<svg role="img" aria-label="first call and steady time of each route" fill="currentColor" '
            f'width="{left + width + 70}" height="{height}">{"".join(parts)}</svg>'
        )


def seconds(value: float | None) -> str:
    """A time with its unit."""
    if value is None:
        return "–"
    for factor, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if value >= factor * 0.9995:
            return f"{value / factor:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def _memory(row: RouteResult) -> str:
    if row.memory_bytes is None:
        return "–"
    return f"{row.memory_bytes / 1e6:.0f} MB" + ("*" if row.this_process else "")


def _row(row: RouteResult) -> str:
    if not row.ran:
        return (
            f"<tr><td>{html.escape(row.route)}</td>"
            f'<td colspan="5" style="text-align:left">not run: {html.escape(row.reason)}</td></tr>'
        )
    values = (row.route, row.verdict, row.oracle, seconds(row.first_seconds), seconds(row.steady_seconds))
    note = ' title="the notebook\'s kernel"' if row.this_process else ""
    cells = "".join(f"<td>{html.escape(v)}</td>" for v in values)
    return f"<tr>{cells}<td{note}>{_memory(row)}</td></tr>"
