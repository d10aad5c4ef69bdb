"""The plain-text form of the views, for terminals and viewers that show nothing else."""

from __future__ import annotations

from typing import Any

from jupyter_julia_aot.pipeline.compared import seconds
from jupyter_julia_aot.widgets.build_state import BuildState
from jupyter_julia_aot.widgets.state import GenerationState, Row

ORIGINS = {"model": "model", "idiom": "rewritten", "repair": "repaired", "evolve": "evolved", "user": "yours"}


def generation_text(state: GenerationState) -> str:
    """One line per candidate, then the chosen code."""
    head = state.head
    lines = [f"{head['name']}: {headline(state)}"]
    for row in state.rows:
        mark = "→" if row["id"] == head["selected"] else " "
        lines.append(f"{mark} #{row['number']} {row_summary(row)}  {row['id']}")
    lines += [f"warning: {w}" for w in head["warnings"]]
    if head["message"]:
        lines.append(f"{head['message']}" + (f"\n→ {head['remedy']}" if head["remedy"] else ""))
    chosen = state.row(head["selected"] or "")
    if chosen is not None:
        lines += ["", chosen["code"].rstrip()]
    return "\n".join(lines)


def headline(state: GenerationState) -> str:
    """Status, counts and cost in one line."""
    head = state.head
    counts = f"{head['passed']} of {len(state.rows)} candidates passed"
    if not state.rows:
        counts = "no candidates"
    elif not head["proven"]:
        counts = f"{len(state.rows)} candidates, no tests given"
    parts = [head["status"], counts]
    if head["model"]:
        parts.append(head["model"])
    if head["completion_tokens"]:
        parts.append(f"{head['completion_tokens']} tokens")
    parts.append(f"{head['seconds']:.1f} s")
    return " · ".join(parts)


def row_summary(row: Row) -> str:
    """A candidate's origin, verdict, checks, seconds and error in one line."""
    origin = str(ORIGINS.get(row["origin"], row["origin"]))
    if row["parent_number"]:
        origin += f" from #{row['parent_number']}"
    text = f"{origin}: {row['verdict'] or 'being tried'}"
    if row["passed"] + row["failed"]:
        text += f", {row['passed']}/{row['passed'] + row['failed']} checks, {row['seconds']:.2f} s"
    if row["error"]:
        text += f", {error_line(row)}"
    return text


def error_line(row: Row) -> str:
    """The Julia error of a candidate: type, line and first line of its message."""
    error = row["error"]
    where = f" (line {error['line']})" if error.get("line") else ""
    # Julia's own text often begins with the type already.
    first = (error["message"].splitlines() or [""])[0].removeprefix(f"{error['type']}: ")
    return f"{error['type']}{where}: {first}"


def size(count: int) -> str:
    """Bytes for a reader: ``1.72 MB``."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= scale:
            return f"{count / scale:.2f} {unit}"
    return f"{count} bytes"


def spread(row: dict[str, Any]) -> str:
    """The least and the most of a timed row, and of how many runs."""
    return f"{seconds(row['least'])} – {seconds(row['most'])}, {row['rounds']} runs"


def build_text(state: BuildState) -> str:
    """Stages, the artifact, its first run, and diagnostics."""
    head = state.head
    lines = [f"{head['name']} ({head['kind']}): {head['status']} · {head['seconds']:.1f} s"]
    lines += [f"  {s['name']}: {s['seconds']:.1f} s" for s in state.stages if s["state"] == "finished"]
    for d in state.diagnostics:
        place = f"line {d['line']}: " if d.get("line") is not None else ""
        cause = f" ({d['cause']} → {d['remedy']})" if d.get("cause") else ""
        lines.append(f"  {d['severity']}: {place}{d['message']}{cause}")
    lines += [f"  {mark}{text}" for mark, text in state.diff]
    if head["message"]:
        lines.append(f"{head['message']}" + (f"\n→ {head['remedy']}" if head["remedy"] else ""))
    if state.result:
        artifact = state.result["artifact"]
        cached = ", from the cache" if state.result["cached"] else ""
        whole = artifact.get("bundle_bytes")
        beside = f" ({size(whole)} with what lies beside it)" if whole else ""
        lines.append(
            f"  {artifact['path']}  {size(artifact['bytes'])}{beside}, by {artifact['backend']}{cached}"
        )
        lines += [f"  {t['what']}: {seconds(t['median'])} ({spread(t)})" for t in state.result["times"]]
        verified = state.result["verified"]
        if verified["ran"]:
            lines.append(f"  ran once: exit code {verified['exit_code']}")
            lines += [f"    {line}" for line in verified["stdout"].rstrip().splitlines()]
    return "\n".join(lines)
