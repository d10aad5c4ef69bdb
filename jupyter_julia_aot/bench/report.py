"""A self-contained HTML page of an evaluation. Everything from outside is escaped."""

from __future__ import annotations

from html import escape

from jupyter_julia_aot.bench.outcome import Evaluation
from jupyter_julia_aot.records import VERDICTS

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #2e7d32; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
.cells { display: flex; flex-wrap: wrap; gap: 2px; }
i { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; vertical-align: -.1em; }
th i { margin-right: .5rem; }
.bar { background: var(--line); height: .6rem; border-radius: .3rem; min-width: 8rem; }
.bar div { background: var(--good); height: 100%; border-radius: .3rem; }
"""

# Told apart without red against green, too: passed is the darkest of all.
_COLOURS: dict[str, str] = {
    "passed": "#2e7d32", "failed": "#e57373", "error": "#ffb74d", "syntax": "#fff176", "timeout": "#9575cd",
    "memory": "#64b5f6", "crashed": "#a1887f", "blocked": "#4dd0e1", "harness error": "#8888",
}  # fmt: skip


def report_html(evaluation: Evaluation, title: str = "Evaluation") -> str:
    """The page as one string, without scripts and without anything to load."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(title)}</h1>{_summary(evaluation)}{_verdicts(evaluation)}"
        f"{_faults(evaluation)}{_tasks(evaluation)}</body></html>\n"
    )


def _summary(evaluation: Evaluation) -> str:
    rows = []
    for k in evaluation.ks:
        low, high = evaluation.interval(k)
        rows.append((f"pass@{k}", f"{evaluation.pass_at(k):.1%} (95 %: {low:.1%} – {high:.1%})"))
    rows += [
        ("Answers that parse", f"{evaluation.syntax_rate:.1%}"),
        ("Tasks", str(len(evaluation.tasks))),
        ("Samples judged", str(evaluation.judged)),
        ("Harness errors", str(evaluation.harness_errors)),
        ("Wall clock", f"{evaluation.wall_seconds:.1f} s"),
        ("Worker time", f"{evaluation.worker_seconds:.1f} s"),
        ("Julia", evaluation.julia or "–"),
    ]
    cells = "".join(f'<tr><th scope="row">{escape(a)}</th><td>{escape(b)}</td></tr>' for a, b in rows)
    return f"<table>{cells}</table>"


def _verdicts(evaluation: Evaluation) -> str:
    counts = evaluation.verdicts()
    total = max(1, evaluation.judged)
    rows = "".join(
        f'<tr><th scope="row">{_mark(v)}{v}</th><td class="n">{counts[v]}</td>'
        f'<td class="n">{counts[v] / total:.1%}</td></tr>'
        for v in VERDICTS
        if counts[v]
    )
    return f"<h2>Verdicts</h2><table>{rows}</table>"


def _mark(verdict: str, title: str = "") -> str:
    named = f' title="{escape(title)}"' if title else ""
    return f'<i style="background:{_COLOURS[verdict]}"{named}></i>'


def _faults(evaluation: Evaluation) -> str:
    if not evaluation.faults:
        return ""
    rows = "".join(
        f'<tr><td>{escape(message)}</td><td class="n">{count}</td></tr>'
        for message, count in evaluation.faults.items()
    )
    return f"<h2>Harness errors (not counted as failures)</h2><table>{rows}</table>"


def _tasks(evaluation: Evaluation) -> str:
    rows = []
    for task_id, verdicts in evaluation.tasks.items():
        judged = [v for v in verdicts if v is not None]
        rate = judged.count("passed") / len(judged) if judged else 0.0
        names = [v or "harness error" for v in verdicts]
        cells = "".join(_mark(name, name) for name in names)
        rows.append(
            f'<tr><th scope="row">{escape(task_id)}</th>'
            f'<td class="n">{judged.count("passed")}/{len(judged)}</td>'
            f'<td><div class="bar"><div style="width:{rate:.0%}"></div></div></td>'
            f'<td><div class="cells" role="img" aria-label="{", ".join(names)}">{cells}</div></td></tr>'
        )
    return f"<h2>Tasks</h2><table>{''.join(rows)}</table>"
