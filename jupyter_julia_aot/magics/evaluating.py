"""``%julia eval``: how often a model's answers pass, seen while it is found out."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_julia_aot.magics.arguments import MagicParser
from jupyter_julia_aot.magics.notebook import Notebook
from jupyter_julia_aot.magics.screen import in_jupyter

if TYPE_CHECKING:
    from jupyter_julia_aot.pipeline.evaluation import Evaluation, Progress

UPDATES_PER_SECOND = 4.0


def evaluate(notebook: Notebook, words: list[str]) -> None:
    """``%julia eval``. Raises :class:`~jupyter_julia_aot.errors.BenchError` for a file it cannot read."""
    p = MagicParser("%julia eval", "Judge many answers by a task set's tests: pass@k.")
    p.add_argument("tasks", metavar="TASKS", nargs="?", default="", help="file or folder (default: ours)")
    p.add_argument(
        "--samples", metavar="S.jsonl", help="lines of task_id and response or solution; without: ask"
    )
    p.add_argument("-n", type=int, default=1, help="how many answers to each task to ask for")
    p.add_argument("-k", dest="ks", type=_ks, default=(1,), metavar="1,8", help="which pass@k")
    p.add_argument("--suite", choices=["basic", "plus"], default="basic", help="tests of HumanEval.jl")
    p.add_argument("--json", metavar="OUT", help="write the result there, too")
    p.setting("--model", setting="model")
    p.setting("--julia", setting="julia", metavar="PATH")
    args = p.read_words(words)
    from jupyter_julia_aot.pipeline.evaluation import evaluate_samples, generate_samples
    from jupyter_julia_aot.pipeline.options import Options

    options = Options.of(samples=args.n, model=args.model, julia=args.julia)
    screen = _Screen(notebook, Path(args.tasks).name or "our tasks")
    with tempfile.TemporaryDirectory(prefix="julia-aot-eval-") as folder:
        try:
            samples = Path(args.samples or Path(folder, "samples.jsonl"))
            if not args.samples:
                generate_samples(args.tasks, samples, options, suite=args.suite, progress=screen.asking)
            found = evaluate_samples(
                args.tasks, samples, options, suite=args.suite, ks=args.ks, progress=screen.judging
            )
        except BaseException:
            screen.stopped()
            raise
    screen.finish(found)
    if args.json:
        Path(args.json).write_text(json.dumps(found.to_json(), indent=1) + "\n", encoding="utf-8")


def _ks(text: str) -> tuple[int, ...]:
    ks = tuple(int(part) for part in text.split(","))
    if min(ks) < 1:
        raise argparse.ArgumentTypeError("k is at least 1")
    return ks


class _Screen:
    """A view that is replaced as things go on; lines of text in a terminal."""

    def __init__(self, notebook: Notebook, title: str) -> None:
        self._title = title
        self._last = 0.0
        self._doing = ""
        self._at: Progress | None = None
        self._handle: Any = None
        if in_jupyter(notebook.shell):
            from IPython.display import display

            self._handle = display(self._view(), raw=True, display_id=True)

    def asking(self, done: int, total: int) -> None:
        """The model answers task ``done + 1`` of ``total``."""
        self._doing = f"asking the model: task {done + 1} of {total}"
        self._update()

    def judging(self, at: Progress) -> None:
        """Some samples have their verdicts."""
        self._doing, self._at = "", at
        self._update()

    def stopped(self) -> None:
        """It ended without a result; the view says how far it came."""
        if self._handle is not None:
            self._handle.update(self._view("cancelled"), raw=True)

    def finish(self, found: Evaluation) -> None:
        """Leave the result in the notebook."""
        from jupyter_julia_aot.widgets.evaluation import evaluation_html, evaluation_text

        text = evaluation_text(self._title, found)
        if self._handle is None:
            print(text, flush=True)  # noqa: T201 - a terminal's way of showing it
        else:
            html = evaluation_html(self._title, found)
            self._handle.update({"text/plain": text, "text/html": html}, raw=True)

    def _update(self) -> None:
        now = time.monotonic()
        if self._handle is not None and now - self._last >= 1 / UPDATES_PER_SECOND:
            self._last = now
            self._handle.update(self._view(), raw=True)

    def _view(self, status: str = "running") -> dict[str, str]:
        from jupyter_julia_aot.widgets.evaluation import progress_html

        text = f"{self._title}: {self._at.done}/{self._at.total} judged" if self._at else self._title
        return {"text/plain": text, "text/html": progress_html(self._title, self._doing, self._at, status)}
