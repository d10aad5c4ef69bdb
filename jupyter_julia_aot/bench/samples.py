"""Samples to judge: ``{"task_id", "response"}`` or ``{"task_id", "solution"}`` per line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_julia_aot.bench.programs import program_candidate
from jupyter_julia_aot.bench.task import Task, field, json_lines
from jupyter_julia_aot.errors import BenchError

Extract = Callable[[str, Task], str]
"""Julia code out of a raw answer: ``(answer, task) → code``, ``""`` when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One piece of code for one task; ``index`` counts the task's samples from 0."""

    task_id: str
    index: int
    code: str


def read_samples(path: Path, tasks: Sequence[Task], extract: Extract | None = None) -> tuple[Sample, ...]:
    """The samples of a file, in its order.

    Raises :class:`BenchError` naming the line of a sample that is wrong or of no known task.
    """
    by_id = {task.id: task for task in tasks}
    counts: dict[str, int] = {}
    samples = []
    for place, data in json_lines(path):
        task_id = (
            str(data["task_id"])
            if isinstance(data.get("task_id"), int)
            else field(place, data, "task_id", str)
        )
        task = by_id.get(task_id)
        if task is None:
            raise BenchError(f"{place}: no task {task_id!r}", remedy=f"tasks are: {_few(by_id)}")
        if ("response" in data) == ("solution" in data):
            raise BenchError(
                f"{place}: needs either 'response' or 'solution'",
                remedy="'response' is a raw model answer, 'solution' is code",
            )
        if "solution" in data:
            code = field(place, data, "solution", str)
        elif extract is None:
            raise BenchError(f"{place}: raw answers need an extraction", remedy="give 'solution' instead")
        else:
            code = with_context(task, extract(field(place, data, "response", str), task))
        index = counts.get(task_id, 0)
        counts[task_id] = index + 1
        samples.append(Sample(task_id=task_id, index=index, code=code))
    if not samples:
        raise BenchError(f"{path}: holds no samples", remedy="one JSON object per line")
    return tuple(samples)


def _few(by_id: Mapping[str, Task]) -> str:
    names = list(by_id)
    return ", ".join(names[:5]) + (f", … ({len(names)} in all)" if len(names) > 5 else "")


_DEFINES = re.compile(r"^(?:function\s+)?([^\W\d]\w*!?)\s*\(", re.MULTILINE)
_USES = re.compile(r"^\s*using\s+.*$", re.MULTILINE)


def with_context(task: Task, code: str) -> str:
    """``code`` with the task's helper definitions before it, unless it brings them itself.

    Tests may call those helpers, and models often answer with the one function asked for.
    """
    context = task.prompt.context.strip()
    if not context or not code.strip():
        return code
    helpers = set(_DEFINES.findall(context)) - set(_DEFINES.findall(code))
    missing_packages = [u for u in _USES.findall(context) if u.strip() not in code]
    return f"{context}\n\n{code}" if helpers or missing_packages else code


def to_try(task: Task, code: str) -> str:
    """What the trial engine gets to see of ``code``."""
    return program_candidate(code) if task.program else code
