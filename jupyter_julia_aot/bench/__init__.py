"""Evaluation: task sets, samples, pass@k, from one laptop to a cluster.

Names are resolved on first use so that importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_julia_aot.lazily import lazily

if TYPE_CHECKING:
    from jupyter_julia_aot.bench.metrics import bootstrap, pass_at_k
    from jupyter_julia_aot.bench.outcome import Evaluation, read_evaluation
    from jupyter_julia_aot.bench.pairing import Comparison, compare
    from jupyter_julia_aot.bench.report import report_html
    from jupyter_julia_aot.bench.runner import Progress, Submit, evaluate
    from jupyter_julia_aot.bench.samples import Sample, read_samples
    from jupyter_julia_aot.bench.scale import dask_executor, on_executor
    from jupyter_julia_aot.bench.task import Task, bundled_tasks, load_tasks

_HOMES = {
    "Comparison": "pairing",
    "compare": "pairing",
    "bootstrap": "metrics",
    "pass_at_k": "metrics",
    "Evaluation": "outcome",
    "read_evaluation": "outcome",
    "report_html": "report",
    "Progress": "runner",
    "Submit": "runner",
    "evaluate": "runner",
    "Sample": "samples",
    "read_samples": "samples",
    "dask_executor": "scale",
    "on_executor": "scale",
    "Task": "task",
    "bundled_tasks": "task",
    "load_tasks": "task",
}

__all__ = [
    "Comparison",
    "Evaluation",
    "Progress",
    "Sample",
    "Submit",
    "Task",
    "bootstrap",
    "bundled_tasks",
    "compare",
    "dask_executor",
    "evaluate",
    "load_tasks",
    "on_executor",
    "pass_at_k",
    "read_evaluation",
    "read_samples",
    "report_html",
]

__getattr__ = lazily(__name__, _HOMES)
