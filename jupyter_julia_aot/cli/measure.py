"""``bench-trials``: how fast candidates are judged on this machine."""

from __future__ import annotations

import argparse

from jupyter_julia_aot.cli.command import ANSWER_IS_NO, SUCCEEDED, Output
from jupyter_julia_aot.cli.options import Verbs, add_trial_options, add_verb


def add_verbs(verbs: Verbs) -> None:
    """Register ``bench-trials``."""
    verb = add_verb(
        verbs, "bench-trials", run_bench_trials, "compare cold processes with the trial pool, in one run"
    )
    verb.add_argument("-n", dest="count", type=int, default=60, metavar="N", help="candidates to judge")
    verb.add_argument(
        "--cold",
        type=int,
        default=12,
        metavar="N",
        help="how many of them (spread evenly) also cold",
    )
    verb.add_argument("--all", action="store_true", help="all of them also in cold processes")
    add_trial_options(verb)


def run_bench_trials(args: argparse.Namespace, output: Output) -> int:
    """``bench-trials``: 0 when all ways gave the same verdicts, 1 when they did not."""
    from jupyter_julia_aot.pipeline.measuring import bench_trials

    count = max(args.count, 1)
    figures = bench_trials(count, count if args.all else min(max(args.cold, 1), count))
    output.line(f"Julia {figures['julia']}, worker image: {figures['image']}")
    output.line(figures.pop("table"))
    output.result(figures)
    return SUCCEEDED if figures["agreement"] == 1.0 else ANSWER_IS_NO
