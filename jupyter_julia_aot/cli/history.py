"""``history``: what was asked, tried, chosen and built."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from jupyter_julia_aot.cli.command import SUCCEEDED, Output
from jupyter_julia_aot.cli.options import Verbs, add_verb
from jupyter_julia_aot.records import to_json


def add_verbs(verbs: Verbs) -> None:
    """Register ``history``."""
    history = add_verb(verbs, "history", run_history, "list, search and show past runs")
    history.add_argument("search", nargs="*", metavar="WORDS", help="only runs with these words")
    history.add_argument("--limit", type=int, default=20, metavar="N", help="how many at most")
    history.add_argument("--show", metavar="RUN_ID", help="one run with its candidates and verdicts")
    history.add_argument("--delete", metavar="RUN_ID", help="forget a run")
    history.add_argument(
        "--recover", metavar="FILE", help="store what could not be stored then, and delete the file"
    )
    history.add_argument("--star", metavar="RUN_ID", help="mark a run")


def run_history(args: argparse.Namespace, output: Output) -> int:
    """``history``: always 0 when the history can be read."""
    from jupyter_julia_aot.history import History

    with History() as history:
        if args.recover:
            count = history.recover(Path(args.recover))
            Path(args.recover).unlink()
            output.result({"recovered": count})
            output.line(f"{count} events are now in {history.path}")
            return SUCCEEDED
        if args.delete or args.star:
            if args.delete:
                history.delete(args.delete)
            else:
                history.star(args.star)
            output.result({"deleted": args.delete, "starred": args.star})
            output.line("done")
            return SUCCEEDED
        if args.show:
            return _show(args, output)
        runs = history.runs(limit=args.limit, search=" ".join(args.search))
    output.result([to_json(r) for r in runs])
    for r in runs:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(r.started))
        verdict = r.verdict or "-"
        what = " ".join(r.request.split())[:50]
        output.line(
            f"{r.id}  {when}  {r.kind:8} {r.status:9} {verdict:8} {r.passed}/{r.candidates}  {r.name}  {what}"
        )
    if not runs:
        output.line("nothing found" if args.search else "the history is empty")
    return SUCCEEDED


def _show(args: argparse.Namespace, output: Output) -> int:
    from jupyter_julia_aot.history import History

    with History() as history:
        detail = history.run(args.show)
    output.result(to_json(detail))
    summary = detail.summary
    output.line(f"{summary.id} {summary.kind} {summary.status} {summary.name}: {summary.request}")
    for entry in detail.candidates:
        verdict = entry.trials[-1].verdict if entry.trials else "not tried"
        chosen = "  ← selected" if entry.candidate.id == summary.selected else ""
        output.line(f"\n{entry.candidate.id} {entry.candidate.origin} {verdict}{chosen}")
        output.line("\n".join(f"    {line}" for line in entry.candidate.code.splitlines()))
    if detail.unreadable:
        output.progress(f"written by a newer version and left out: {', '.join(detail.unreadable)}")
    return SUCCEEDED
