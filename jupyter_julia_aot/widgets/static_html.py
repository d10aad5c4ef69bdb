"""The HTML form of the views: no script, no outside file, every foreign text escaped.

It is what a saved notebook shows on a viewer that runs nothing. Codes, diffs and outputs fold
with ``<details>``. Without its style sheet (GitHub drops it) it is still a plain, readable list.
Its words are English: it is read in places that know no translation. The live widgets, whose words
are in ``static/*.js``, speak the language of JupyterLab.
"""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from jupyter_julia_aot.pipeline.compared import seconds
from jupyter_julia_aot.widgets.build_state import BuildState
from jupyter_julia_aot.widgets.state import GenerationState, Row
from jupyter_julia_aot.widgets.static_text import ORIGINS, error_line, headline, size, spread

STATIC = Path(__file__).parent / "static"


@cache
def style() -> str:
    """The style sheet that the widgets use, too."""
    return (STATIC / "views.css").read_text(encoding="utf-8")


def generation_html(state: GenerationState) -> str:
    """A header, one folded entry per candidate, the chosen one open."""
    head = state.head
    parts = [header(head["name"], head["status"], headline(state).split(" · ", 1)[1], head["request"])]
    parts += [note("warning", w) for w in head["warnings"]]
    if head["message"]:
        parts.append(note("error", head["message"], head["remedy"]))
    parts.append('<div class="jja-rows">')
    parts += [_candidate(row, head) for row in state.rows]
    parts.append("</div>")
    if head["selected"] and head["accepted"] is None and head["status"] != "running":
        parts.append(
            f'<p class="jja-hint">Use it: <code>%julia accept {escape(str(head["selected"]))}</code></p>'
        )
    return page(parts)


def build_html(state: BuildState) -> str:
    """A header, the stages with their seconds, diagnostics, the artifact and its first run."""
    head = state.head
    parts = [header(head["name"], head["status"], f"{head['kind']} · {head['seconds']:.1f} s", "")]
    if head["message"]:
        parts.append(note("error", head["message"], head["remedy"]))
    parts.append('<ol class="jja-stages">')
    longest = max((s["seconds"] for s in state.stages), default=0.0) or 1.0
    for s in state.stages:
        share = round(100 * s["seconds"] / longest)
        took = "stopped" if s["state"] == "stopped" else f"{s['seconds']:.1f} s"
        parts.append(
            f'<li class="jja-stage jja-{escape(s["state"])}"><span>{escape(s["name"])}</span>'
            f'<span class="jja-bar"><i style="width:{share}%"></i></span>'
            f"<span>{took}</span></li>"
        )
    parts.append("</ol>")
    if state.diff:
        parts.append(f"<details open><summary>rewritten by --fix</summary>{_diff(state.diff)}</details>")
    parts += [_diagnostic(d) for d in state.diagnostics]
    if state.result:
        parts += _artifact(state.result)
    return page(parts)


def page(parts: list[str]) -> str:
    """A view made of its parts, with the style sheet."""
    return f'<div class="jja jja-static"><style>{style()}</style>{"".join(parts)}</div>'


def header(name: str, status: str, facts: str, request: str = "") -> str:
    """The line that every view begins with, and what was asked."""
    text = (
        f'<div class="jja-head"><strong class="jja-name">{escape(name)}</strong> '
        f'<span class="jja-chip jja-{escape(status)}">{escape(status)}</span> '
        f'<span class="jja-facts">{escape(facts)}</span></div>'
    )
    return text + (f'<div class="jja-request">{escape(request)}</div>' if request else "")


def note(kind: str, text: str, remedy: str = "") -> str:
    """An ``error`` or a ``warning``, and what to do."""
    tail = f"<br>→ {escape(remedy)}" if remedy else ""
    return f'<div class="jja-note jja-{kind}">{escape(text)}{tail}</div>'


def _pre(text: str, kind: str = "") -> str:
    return f'<pre class="jja-code {kind}">{escape(text.rstrip())}</pre>'


def _candidate(row: Row, head: dict[str, Any]) -> str:
    chosen = row["id"] in (head["selected"], head["accepted"])
    verdict = row["verdict"] or "being tried"
    checks = row["passed"] + row["failed"]
    facts = [str(ORIGINS.get(row["origin"], row["origin"]))]
    if row["parent_number"]:
        facts.append(f"from #{row['parent_number']}")
    if checks:
        facts.append(f"{row['passed']}/{checks} checks")
    facts.append(f"{row['seconds']:.2f} s")
    state = "accepted" if row["id"] == head["accepted"] else "selected" if chosen else ""
    body = [_pre(row["code"])]
    if row["error"]:
        body.append(note("error", error_line(row)))
    body += [note("error", f) for f in row["failures"]]
    if row["notes"]:
        body.append(f'<ul class="jja-notes">{"".join(f"<li>{escape(n)}</li>" for n in row["notes"])}</ul>')
    if row["diff"]:
        body.append(f"<details><summary>what changed</summary>{_diff(row['diff'])}</details>")
    if row["output"]:
        body.append(f"<details><summary>what it printed</summary>{_pre(row['output'])}</details>")
    return (
        f'<details class="jja-row"{" open" if chosen else ""}><summary>'
        f'<span class="jja-number">#{row["number"]}</span> '
        f'<span class="jja-badge jja-{escape(verdict)}">{escape(verdict)}</span> '
        f'<span class="jja-facts">{escape(" · ".join(facts))}</span> '
        f'<span class="jja-facts">{escape(_excerpt(row))}</span>'
        f"{f' <span class=jja-mark>{state}</span>' if state else ''}"
        f"</summary>{''.join(body)}</details>"
    )


def _excerpt(row: Row) -> str:
    """Why it failed, or what was rewritten, short enough for a line."""
    text = error_line(row) if row["error"] else next(iter([*row["failures"], *row["notes"]]), "")
    first = (text.splitlines() or [""])[0]
    return first if len(first) <= 120 else f"{first[:119]}…"


def _diff(lines: list[list[str]]) -> str:
    names = {"+": ("ins", "+ "), "-": ("del", "- "), "@": ("em", "@")}
    rows = []
    for mark, text in lines:
        tag, shown = names.get(mark, ("span", "  "))
        rows.append(f"<{tag}>{shown}{escape(text)}</{tag}>")
    return f'<pre class="jja-code jja-diff">{"".join(rows)}</pre>'


def _diagnostic(d: dict[str, Any]) -> str:
    place = f"line {d['line']}: " if d.get("line") is not None else ""
    source = _pre(d["source"]) if d["source"] else ""
    message = str(d["message"])
    if not d.get("cause"):
        return note(str(d["severity"]), f"{place}{message}", str(d.get("remedy", ""))) + source
    said = f"<details><summary>what the compiler says</summary>{_pre(message, 'jja-wrap')}</details>"
    return note(str(d["severity"]), f"{place}{d['cause']}", str(d["remedy"])) + source + said


def _proof(proof: dict[str, Any]) -> str:
    """Whether the tests said the same about the compiled code as about the function."""
    kind, text = ("passed", "JIT = AOT") if proof["equal"] else ("failed", "AOT differs")
    facts = f"{proof['calls']} calls of the tests repeated on the artifact; checks {proof['checks']}"
    rows = "".join(f"<li>{escape(row)}</li>" for row in proof["differences"])
    return (
        f'<div class="jja-pad"><span class="jja-badge jja-{kind}">{text}</span> '
        f'<span class="jja-facts">{escape(facts)}</span>{f"<ul>{rows}</ul>" if rows else ""}</div>'
    )


def _times(rows: list[dict[str, Any]]) -> str:
    """How long each way takes, as bars: medians, and from the least to the most in words."""
    longest = max(row["median"] for row in rows) or 1.0
    shown = "".join(
        f'<li class="jja-stage" title="{escape(spread(row))}"><span>{escape(row["what"])}</span>'
        f'<span class="jja-bar"><i style="width:{100 * row["median"] / longest:.1f}%"></i></span>'
        f"<span>{seconds(row['median'])}</span></li>"
        for row in rows
    )
    return f'<ol class="jja-stages" aria-label="times">{shown}</ol>'


def _treemap(tiles: list[dict[str, Any]]) -> str:
    boxes = []
    for i, t in enumerate(tiles):
        shown = f"{escape(t['name'])}: {size(t['bytes'])}, {t['share']} %"
        text = f"<span>{escape(t['name'])}</span><span>{size(t['bytes'])}</span>"
        place = (
            f"left:{t['x']}%;top:{t['y']}%;width:{t['w']}%;height:{t['h']}%;--shade:{max(12, 60 - 9 * i)}%"
        )
        inside = text if t["w"] > 9 and t["h"] > 12 else ""
        boxes.append(f'<div class="jja-tile" style="{place}" title="{shown}">{inside}</div>')
    return f'<div class="jja-map" role="img" aria-label="size by file">{"".join(boxes)}</div>'


def _abi(entries: list[dict[str, Any]]) -> str:
    rows = "".join(
        "<tr>"
        + "".join(f"<td><code>{escape(e[key])}</code></td>" for key in ("julia", "symbol", "c"))
        + "</tr>"
        for e in entries
    )
    head = "<tr><th>function</th><th>symbol</th><th>C declaration</th></tr>"
    return (
        f'<details class="jja-wide" open><summary>exported functions</summary>'
        f"<table>{head}{rows}</table></details>"
    )


def _artifact(result: dict[str, Any]) -> list[str]:
    artifact, verified = result["artifact"], result["verified"]
    facts: list[tuple[str, str]] = [("file", artifact["path"]), ("size", size(artifact["bytes"]))]
    if artifact.get("bundle_bytes"):
        facts.append(("bundle", size(artifact["bundle_bytes"])))
    backend = artifact["backend"] + (" (from the cache)" if result["cached"] else "")
    alone = verified.get("alone")
    if alone is not None:
        facts.append(("in an empty root", "does the same" if alone else "does not do the same"))
    facts += [("bill of materials", artifact.get("sbom", "")), ("trim", artifact.get("trim", ""))]
    facts += [("built by", backend), ("Julia", artifact["julia"]), ("id", artifact["id"])]
    rows = "".join(f"<dt>{escape(k)}</dt><dd>{escape(str(v))}</dd>" for k, v in facts if v)
    parts = [f'<dl class="jja-facts-list">{rows}</dl>']
    if result.get("tiles"):
        parts.append(_treemap(result["tiles"]))
    if artifact.get("abi"):
        parts.append(_abi(artifact["abi"]))
    if artifact["libraries"]:
        lines = "".join(
            f"<tr><td>{escape(lib['name'])}</td><td>{size(lib['bytes'])}</td></tr>"
            for lib in sorted(artifact["libraries"], key=lambda lib: -lib["bytes"])
        )
        parts.append(f"<details><summary>libraries</summary><table>{lines}</table></details>")
    if result.get("proof"):
        parts.append(_proof(result["proof"]))
    if result.get("times"):
        parts.append(_times(result["times"]))
    if verified["ran"]:
        parts.append(f'<div class="jja-ran">first run: exit code {verified["exit_code"]}</div>')
        parts.append(_pre(verified["stdout"] + verified["stderr"]))
    return parts
