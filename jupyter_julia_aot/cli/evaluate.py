"""``eval`` and ``compare``: pass@k of many answers, and two results side by side."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_julia_aot.cli.command import SUCCEEDED, Output
from jupyter_julia_aot.cli.options import Verbs, add_model_options, add_trial_options, add_verb
from jupyter_julia_aot.errors import SettingError

if TYPE_CHECKING:
    from jupyter_julia_aot.pipeline import Options
    from jupyter_julia_aot.pipeline.evaluation import Evaluation, Progress

# Progress is said this often at most, in samples.
SAY_EVERY = 25


def add_verbs(verbs: Verbs) -> None:
    """Register ``eval`` and ``compare``."""
    ev = add_verb(
        verbs,
        "eval",
        run_eval,
        "judge many answers by a task set's tests: pass@k",
        epilog="`eval compare A.json B.json` compares two results.",
    )
    ev.add_argument(
        "tasks", metavar="TASKS", nargs="?", default="", help="a task file or folder (default: ours)"
    )
    ev.add_argument(
        "--samples", dest="samples_file", metavar="S.jsonl", help="lines of task_id and response or solution"
    )
    ev.add_argument("--json", metavar="OUT", help="write the result there ('-': stdout)")
    ev.add_argument("--html", metavar="FILE", help="write a page about it, too")
    ev.add_argument("-k", dest="ks", type=_ks, default=(1,), metavar="1,8", help="which pass@k")
    ev.add_argument("--suite", choices=["basic", "plus"], default="basic", help="tests of HumanEval.jl")
    ev.add_argument("--generate", action="store_true", help="ask the model for the samples first")
    ev.add_argument("-n", dest="samples_each", type=int, metavar="N", help="samples per task (--generate)")
    ev.add_argument("--restart", action="store_true", help="judge anew what was judged before")
    ev.add_argument("--scheduler", default="", metavar="tcp://…", help="run the trials on a Dask cluster")
    add_model_options(ev)
    add_trial_options(ev)

    comparison = add_verb(verbs, "compare", run_compare, "compare two results of eval, task by task")
    comparison.add_argument("a", metavar="A.json", help="a result of eval --json")
    comparison.add_argument("b", metavar="B.json", help="another one")


def _ks(text: str) -> tuple[int, ...]:
    try:
        ks = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of numbers such as 1,8") from None
    if min(ks) < 1:
        raise argparse.ArgumentTypeError("k is at least 1")
    return ks


def run_eval(args: argparse.Namespace, output: Output) -> int:
    """``eval``: 0 whatever the score; the answer is the number."""
    from jupyter_julia_aot.pipeline import Options
    from jupyter_julia_aot.pipeline.evaluation import evaluate_samples

    output.as_json = args.json == "-"
    options = Options.of(seed=args.seed, samples=args.samples_each)
    samples = _samples(args, options, output)
    journal = samples.with_suffix(f"{samples.suffix}.verdicts")
    if args.restart:
        journal.unlink(missing_ok=True)
    evaluation = evaluate_samples(
        args.tasks,
        samples,
        options,
        suite=args.suite,
        ks=args.ks,
        journal=journal,
        scheduler=args.scheduler,
        progress=lambda p: _say(p, output),
    )
    journal.unlink(missing_ok=True)
    _write(args, evaluation, output)
    return SUCCEEDED


def _samples(args: argparse.Namespace, options: Options, output: Output) -> Path:
    from jupyter_julia_aot.pipeline.evaluation import generate_samples

    if not args.generate:
        if not args.samples_file:
            raise SettingError(
                "eval: there is nothing to judge", remedy="give --samples S.jsonl, or --generate"
            )
        return Path(args.samples_file)
    path = Path(args.samples_file or "samples.jsonl")
    added = generate_samples(
        args.tasks,
        path,
        options,
        suite=args.suite,
        progress=lambda done, total: output.progress(f"asking the model: task {done + 1} of {total}"),
    )
    output.progress(f"{added} samples added to {path}")
    return path


def _say(p: Progress, output: Output) -> None:
    if p.done > 1 and p.done % SAY_EVERY and p.done != p.total:
        return
    left = "" if p.remaining is None or p.done == p.total else f", about {p.remaining:.0f} s left"
    output.progress(f"{p.done}/{p.total} judged, {p.passed} passed{left}")


def _write(args: argparse.Namespace, evaluation: Evaluation, output: Output) -> None:
    value = evaluation.to_json()
    if args.json and args.json != "-":
        Path(args.json).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if args.html:
        from jupyter_julia_aot.pipeline.evaluation import report_html

        page = report_html(evaluation, f"Evaluation of {args.tasks or 'our tasks'}")
        Path(args.html).write_text(page, encoding="utf-8")
    output.result(value)
    for k in evaluation.ks:
        low, high = evaluation.interval(k)
        output.line(f"pass@{k}  {evaluation.pass_at(k):.1%}  (95 %: {low:.1%} – {high:.1%})")
    counts = ", ".join(f"{count} {verdict}" for verdict, count in evaluation.verdicts().items() if count)
    output.line(f"{evaluation.judged} judged in {evaluation.wall_seconds:.1f} s: {counts}")
    if evaluation.harness_errors:
        output.line(f"{evaluation.harness_errors} could not be judged:")
        for fault, count in evaluation.faults.items():
            output.line(f"  {count} × {fault}")


def run_compare(args: argparse.Namespace, output: Output) -> int:
    """``compare``: 0 when the two could be compared."""
    from jupyter_julia_aot.pipeline.evaluation import compare, read_evaluation
    from jupyter_julia_aot.records import to_json

    c = compare(read_evaluation(Path(args.a)), read_evaluation(Path(args.b)))
    output.result(to_json(c))
    low, high = c.interval
    output.line(f"{c.tasks} tasks in both: A {c.a:.1%}, B {c.b:.1%}")
    output.line(f"B − A = {c.difference:+.1%}  (95 %: {low:+.1%} … {high:+.1%}), p = {c.p_value:.3f}")
    for name, only in (("A", c.only_a), ("B", c.only_b)):
        if only:
            output.line(f"only in {name}:   {', '.join(only)}")
    output.line(f"better in B: {', '.join(c.better) or 'none'}")
    output.line(f"worse in B:  {', '.join(c.worse) or 'none'}")
    return SUCCEEDED
