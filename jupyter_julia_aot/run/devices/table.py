"""A device report as text and as HTML."""

from __future__ import annotations

import html
from typing import Any

from jupyter_julia_aot.run.devices.environments import MAIN
from jupyter_julia_aot.run.devices.smoke import STEPS

_COLUMNS = STEPS["amdgpu"]
"""Which has all the steps that Reactant has."""
_MARKS = {"passed": "✓", "not reached": "·", "": "–"}


def lines(report: dict[str, Any]) -> list[str]:
    """The report as text: the machine, a table of what was tested, and why the rest does not work."""
    facts, rows = _machine(report), _rows(report)
    width = max(len(name) for name, _ in facts) + 2
    text = [f"{name:<{width}}{value}" for name, value in facts]
    if rows:
        head = ["package", "backend", "usable", *_COLUMNS]
        table = [head, *([r["package"], r["backend"], r["usable"], *r["marks"]] for r in rows)]
        widths = [max(len(line[i]) for line in table) for i in range(len(head))]
        text += ["", *("  ".join(map(str.ljust, line, widths)).rstrip() for line in table)]
        for row in rows:
            text += [f"{row['package']} on {row['backend']}: {said}" for said in row["said"]]
    return text


def page(report: dict[str, Any]) -> str:
    """The report as HTML."""
    facts = "".join(
        f'<tr><th style="text-align:left">{html.escape(name)}</th>'
        f'<td style="text-align:left">{html.escape(value)}</td></tr>'
        for name, value in _machine(report)
    )
    rows = "".join(
        f"<tr><td>{html.escape(r['package'])}</td><td>{html.escape(r['backend'])}</td>"
        f"<td><b>{r['usable']}</b></td>{''.join(f'<td>{mark}</td>' for mark in r['marks'])}"
        f'<td style="text-align:left">{"<br>".join(map(html.escape, r["said"]))}</td></tr>'
        for r in _rows(report)
    )
    head = "".join(f"<th>{name}</th>" for name in ("package", "backend", "usable", *_COLUMNS, ""))
    tested = f"<table><tr>{head}</tr>{rows}</table>" if rows else ""
    return f"<div><table>{facts}</table>{tested}</div>"


def _machine(report: dict[str, Any]) -> list[tuple[str, str]]:
    machine, rocm = report["machine"], report["rocm"]
    facts = [
        (
            "Machine",
            f"{machine['system']} {machine['processor']}, {machine['cores']} cores, "
            f"{_gib(machine['memory_bytes'])} of memory",
        )
    ]
    for gpu in report["gpus"]:
        memory = "unified with the system's" if gpu["unified"] else "its own"
        shared = f" and may map {_gib(gpu['shared_bytes'])} more" if gpu["shared_bytes"] else ""
        facts.append(
            (
                "GPU",
                f"{gpu['vendor']} {gpu['name']} ({gpu['architecture']}), memory {memory}: "
                f"{_gib(gpu['memory_bytes'])}{shared}",
            )
        )
        facts += [("", note) for note in gpu["notes"]]
    if not report["gpus"]:
        facts.append(("GPU", "none that the kernel or a driver shows"))
    seen = f", rocminfo sees {', '.join(rocm['rocminfo'])}" if rocm["rocminfo"] else ""
    facts.append(("ROCm", f"{rocm['version'] or 'not installed'}{seen}"))
    if report["gpus"]:
        facts.append(("Preallocation", report["preallocation"]))
    for which, name in MAIN.items():
        part = report[which]
        first, *rest = part["reason"].splitlines() or [f"{part['project']} (Julia {part['julia']})"]
        facts += [(name, first), *(("", line) for line in rest)]
    return facts


def _rows(report: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each backend that was tested."""
    return [
        {
            "package": name,
            "backend": found["backend"],
            "usable": "yes" if found["usable"] else "no",
            "marks": [_MARKS.get(found["steps"].get(step, ""), "✗") for step in _COLUMNS],
            "said": [
                *([found["reason"]] if found["reason"] else []),
                "; ".join(f"{key} {value}" for key, value in found["facts"].items()),
            ],
        }
        for which, name in MAIN.items()
        for found in report[which]["backends"]
    ]


def _gib(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB"
