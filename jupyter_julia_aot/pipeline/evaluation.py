"""Judging many answers: tasks and samples in, pass@k out."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

# Faces take these from here: they know the pipeline, not its stages.
from jupyter_julia_aot.bench import Evaluation, Progress, compare, read_evaluation, report_html
from jupyter_julia_aot.errors import BenchError, Cancelled
from jupyter_julia_aot.pipeline.options import Options

if TYPE_CHECKING:
    from jupyter_julia_aot.bench import Task
    from jupyter_julia_aot.model import ModelClient, Request

__all__ = [
    "Evaluation",
    "Progress",
    "compare",
    "evaluate_samples",
    "extract_for",
    "generate_samples",
    "read_evaluation",
    "report_html",
]


def evaluate_samples(
    tasks_path: str,
    samples_path: Path,
    options: Options,
    *,
    suite: str = "basic",
    ks: Sequence[int] = (1,),
    journal: Path | None = None,
    scheduler: str = "",
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> Evaluation:
    """Judge a file of samples. Raw answers go through the product's own extraction.

    ``scheduler`` is a Dask scheduler's address; ``""`` runs the trials on this machine. With
    ``journal`` a second call goes on where a killed one stopped. Raises
    :class:`~jupyter_julia_aot.errors.BenchError` naming what is wrong with a file, and where.
    """
    from jupyter_julia_aot.bench import dask_executor, evaluate, load_tasks, on_executor, read_samples
    from jupyter_julia_aot.toolchain import choose_toolchain
    from jupyter_julia_aot.trial import TrialPool

    tasks = load_tasks(tasks_path, suite)  # type: ignore[arg-type]
    samples = read_samples(samples_path, tasks, extract_for)
    toolchain = choose_toolchain("trial", options.julia)
    wanted = {sample.task_id for sample in samples}
    chosen = [task for task in tasks if task.id in wanted]
    if scheduler:
        with dask_executor(scheduler) as executor:
            submit = on_executor(executor, toolchain, limits=options.limits, sandbox=options.sandbox)
            return evaluate(
                chosen, samples, submit, ks=ks, julia=toolchain.version,
                journal=journal, progress=progress, cancel=cancel,
            )  # fmt: skip
    with TrialPool(
        toolchain, limits=options.limits, workers=options.workers, sandbox=options.sandbox
    ) as pool:
        return evaluate(
            chosen, samples, pool.submit, ks=ks, julia=toolchain.version,
            journal=journal, progress=progress, cancel=cancel,
        )  # fmt: skip


def extract_for(answer: str, task: Task) -> str:
    """The Julia code in a raw answer to ``task``; ``""`` when there is none."""
    from jupyter_julia_aot.model import Request, extract

    # A fenced block is a chat's answer, also where the task set was made for raw completion.
    if task.given and "```" not in answer:
        return extract(answer, task.prompt.name, Request(text=task.given, given=task.given, stop=task.stop))
    return extract(answer, task.prompt.name)


def generate_samples(
    tasks_path: str,
    samples_path: Path,
    options: Options,
    *,
    suite: str = "basic",
    progress: Callable[[int, int], None] | None = None,
    cancel: threading.Event | None = None,
) -> int:
    """Ask the model for ``options.samples`` solutions of every task, appended to ``samples_path``.

    Tasks that have enough solutions in the file already are skipped, so a stopped run goes on
    where it was. Returns how many were added. What is written is the extracted code: a small
    model's answer continues a prompt that another reader of the file would not know.
    """
    from dataclasses import replace

    from jupyter_julia_aot.bench import load_tasks
    from jupyter_julia_aot.model import build_request, connect

    tasks = load_tasks(tasks_path, suite)  # type: ignore[arg-type]
    have = _count(samples_path)
    todo = [task for task in tasks if have.get(task.id, 0) < options.samples]
    added = 0
    client = connect(base_url=options.base_url, model=options.model, api_key=options.api_key)
    try:
        sampling = options.sampling(client.info.model)
        with samples_path.open("a", encoding="utf-8") as file:
            for done, task in enumerate(todo):
                if progress is not None:
                    progress(done, len(todo))
                missing = options.samples - have.get(task.id, 0)
                request = build_request(task.prompt, client.info, replace(sampling, n=missing))
                for code in _solutions(client, request, task, cancel):
                    file.write(json.dumps({"task_id": task.id, "solution": code}) + "\n")
                    added += 1
                file.flush()
    finally:
        client.close()
    return added


def _solutions(
    client: ModelClient, request: Request, task: Task, cancel: threading.Event | None
) -> list[str]:
    from jupyter_julia_aot.bench.samples import with_context
    from jupyter_julia_aot.model import Answer, extract

    # All answers to a task or none: half of them would be taken for all when the run goes on.
    answers = [a for a in client.generate(request, cancel=cancel) if isinstance(a, Answer)]
    if cancel is not None and cancel.is_set():
        raise Cancelled("the evaluation was stopped", remedy="start it again to go on from there")
    return [with_context(task, extract(a.text, task.prompt.name, request)) for a in answers]


def _end_last_line(path: Path) -> None:
    """So that a sample can be appended. A run that was killed while writing leaves the beginning of a line:
    that sample is asked for again."""
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole == len(data):
        return
    try:
        json.loads(data[whole:])
    except ValueError:
        os.truncate(path, whole)
    else:
        path.write_bytes(data + b"\n")


def _count(path: Path) -> dict[str, int]:
    """How many samples of each task are in the file already."""
    counts: dict[str, int] = {}
    if not path.exists():
        return counts
    _end_last_line(path)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            task_id = str(json.loads(line)["task_id"]) if line.strip() else None
        except (ValueError, KeyError, TypeError) as error:
            raise BenchError(
                f"{path}, line {number}: no sample ({error})", remedy="delete that line and start again"
            ) from error
        if task_id is not None:
            counts[task_id] = counts.get(task_id, 0) + 1
    return counts
