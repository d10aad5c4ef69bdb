"""The view of an evaluation: how far it is and how many pass, then pass@k and every task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from html import escape

from jupyter_julia_aot.pipeline.evaluation import Evaluation, Progress
from jupyter_julia_aot.widgets.static_html import header, note, page

# Up to so many tasks stand open; a longer list folds.
OPEN_TASKS = 24


def progress_html(title: str, doing: str, at: Progress | None, status: str = "running") -> str:
    """While it runs, or where it was stopped: a bar of what passed, what did not, and what is left."""
    facts = [doing] if doing else []
    parts = []
    if at is not None:
        facts.append(f"{at.done} of {at.total} judged")
        if at.done:
            facts.append(f"{at.passed / at.done:.0%} pass")
        if at.remaining is not None and status == "running":
            facts.append(f"about {at.remaining:.0f} s left")
        parts.append(
            _bar({"passed": at.passed, "failed": at.done - at.passed, "untried": at.total - at.done})
        )
    return page([header(title, status, " · ".join(facts)), *parts])


def evaluation_html(title: str, found: Evaluation) -> str:
    """pass@k with its interval, verdicts as shares of a bar, and the verdicts of each task."""
    counts = {verdict: count for verdict, count in found.verdicts().items() if count}
    facts = f"{found.judged} judged in {found.wall_seconds:.1f} s · Julia {found.julia}"
    rows = []
    for k in found.ks:
        low, high = found.interval(k)
        rows.append((f"pass@{k}", f"{found.pass_at(k):.1%} (95 %: {low:.1%} – {high:.1%})"))
    rows.append(("tasks", str(len(found.tasks))))
    rows.append(("answers that parse", f"{found.syntax_rate:.1%}"))
    cells = "".join(f"<dt>{escape(a)}</dt><dd>{escape(b)}</dd>" for a, b in rows)
    parts = [header(title, "done", facts), f'<dl class="jja-facts-list">{cells}</dl>', _bar(counts)]
    parts += [note("warning", f"{count} × not judged: {why}") for why, count in found.faults.items()]
    tasks = "".join(_task(task_id, verdicts) for task_id, verdicts in found.tasks.items())
    opened = " open" if len(found.tasks) <= OPEN_TASKS else ""
    parts.append(f'<details class="jja-tasks"{opened}><summary>each task</summary>{tasks}</details>')
    return page(parts)


def evaluation_text(title: str, found: Evaluation) -> str:
    """The same for terminals."""
    lines = [f"{title}: {found.judged} judged in {found.wall_seconds:.1f} s"]
    for k in found.ks:
        low, high = found.interval(k)
        lines.append(f"pass@{k}  {found.pass_at(k):.1%}  (95 %: {low:.1%} – {high:.1%})")
    lines.append(", ".join(f"{n} {verdict}" for verdict, n in found.verdicts().items() if n))
    lines += [f"{count} × not judged: {why}" for why, count in found.faults.items()]
    return "\n".join(lines)


def _bar(counts: dict[str, int]) -> str:
    shares = "".join(f'<i class="jja-{v}" style="flex-grow:{n}"></i>' for v, n in counts.items() if n)
    words = " · ".join(f"{n} {'left' if v == 'untried' else v}" for v, n in counts.items() if n)
    return (
        f'<div class="jja-pad jja-shares"><div class="jja-stack" aria-hidden="true">{shares}</div>'
        f'<div class="jja-facts">{words}</div></div>'
    )


def _task(task_id: str, verdicts: Sequence[str | None]) -> str:
    counts = Counter(verdicts)
    judged = len(verdicts) - counts[None]
    cells = "".join(
        f'<i class="jja-cell jja-small jja-{v or "unknown"}" title="{v or "not judged"}"></i>'
        for v in verdicts
    )
    words = ", ".join(f"{n} {v or 'not judged'}" for v, n in counts.items() if v != "passed")
    return (
        f'<div class="jja-task"><span>{escape(task_id)}</span> <span>{counts["passed"]}/{judged}</span> '
        f'<span class="jja-cells" aria-hidden="true">{cells}</span> '
        f'<span class="jja-facts">{words}</span></div>'
    )
