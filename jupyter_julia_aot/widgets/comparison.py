"""The view of a comparison of routes: what each gave, and how long it took."""

from __future__ import annotations

import math
from html import escape

from jupyter_julia_aot.pipeline.compared import Comparison, RouteResult, memory, seconds
from jupyter_julia_aot.widgets.static_html import header, page


def comparison_html(found: Comparison) -> str:
    """One line a route, bars of the times on a logarithmic scale, and which route is taken."""
    best = found.best
    ran = [r for r in found.rows if r.ran]
    facts = f"the same {found.calls} calls by {len(ran)} of {len(found.rows)} routes"
    parts = [header(found.name, "done" if best else "failed", facts), '<div class="jja-rows">']
    parts += [_route(r, taken=r is best) for r in found.rows]
    parts.append('</div><div class="jja-columns">')
    parts.append(_bars("each further call", [(r.route, r.steady_seconds) for r in ran]))
    parts.append(_bars("first call", [(r.route, r.first_seconds) for r in ran]))
    parts.append(f'</div><p class="jja-hint">auto → {escape(found.why)}</p>')
    return page(parts)


def _route(row: RouteResult, *, taken: bool) -> str:
    name = f'<strong class="jja-name">{escape(row.route)}</strong>'
    if not row.ran:
        badge, facts = '<span class="jja-badge">not run</span>', row.reason
    else:
        kind = "passed" if row.equal and "failed" not in row.oracle else "failed"
        badge = f'<span class="jja-badge jja-{kind}">{escape(row.verdict)}</span>'
        where = " in this process" if row.this_process else ""
        used = f"{memory(row)}{where}" if row.memory_bytes is not None else ""
        facts = " · ".join(filter(None, (f"tests {row.oracle}" if row.oracle else "", used)))
    mark = '<span class="jja-mark">taken</span>' if taken else ""
    return (
        f'<div class="jja-row jja-line jja-wraps">{name} {badge} '
        f'<span class="jja-facts">{escape(facts)}</span> {mark}</div>'
    )


def _bars(title: str, times: list[tuple[str, float | None]]) -> str:
    """Times as bars on a logarithmic axis that begins a decade below the shortest one."""
    known = [(route, value) for route, value in times if value]
    if not known:
        return ""
    low = math.floor(math.log10(min(value for _, value in known)) - 0.3)
    span = math.log10(max(value for _, value in known)) - low
    rows = "".join(
        f'<li class="jja-stage"><span>{escape(route)}</span>'
        f'<span class="jja-bar"><i style="width:{100 * (math.log10(value) - low) / span:.0f}%"></i></span>'
        f"<span>{seconds(value)}</span></li>"
        for route, value in known
    )
    caption = f'<div class="jja-caption jja-facts">{title}, logarithmic</div>'
    return f'<div>{caption}<ul class="jja-stages">{rows}</ul></div>'
