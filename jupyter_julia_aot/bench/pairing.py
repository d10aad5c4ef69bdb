"""Two evaluations of the same tasks, compared task by task."""

from __future__ import annotations

import math
from dataclasses import dataclass

from jupyter_julia_aot.bench.metrics import bootstrap, mean
from jupyter_julia_aot.bench.outcome import Evaluation
from jupyter_julia_aot.errors import BenchError


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """B against A on the tasks that both have. Rates are pass@1, 0…1."""

    tasks: int
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    a: float
    b: float
    difference: float
    """``b - a``."""
    interval: tuple[float, float]
    """95 % bootstrap interval of the difference, over tasks."""
    better: tuple[str, ...]
    """Tasks where B's rate is higher."""
    worse: tuple[str, ...]
    p_value: float
    """Two-sided exact sign test over tasks that differ; McNemar's when each has one sample."""


def compare(a: Evaluation, b: Evaluation) -> Comparison:
    """Pair ``a`` and ``b`` by task. Raises :class:`BenchError` when they share none."""
    rates_a, rates_b = a.per_task(1), b.per_task(1)
    shared = [task_id for task_id in rates_a if task_id in rates_b]
    if not shared:
        raise BenchError("the two results have no task in common", remedy="compare results of one task set")
    differences = [rates_b[t] - rates_a[t] for t in shared]
    better = tuple(t for t in shared if rates_b[t] > rates_a[t])
    worse = tuple(t for t in shared if rates_b[t] < rates_a[t])
    return Comparison(
        tasks=len(shared),
        only_a=tuple(t for t in rates_a if t not in rates_b),
        only_b=tuple(t for t in rates_b if t not in rates_a),
        a=mean([rates_a[t] for t in shared]),
        b=mean([rates_b[t] for t in shared]),
        difference=mean(differences),
        interval=bootstrap(differences),
        better=better,
        worse=worse,
        p_value=sign_test(len(better), len(worse)),
    )


def sign_test(wins: int, losses: int) -> float:
    """Two-sided exact p-value of ``wins`` against ``losses`` under a fair coin.

    With one sample per task this is McNemar's exact test (McNemar 1947; the binomial form).
    """
    n = wins + losses
    if n == 0:
        return 1.0
    tail = sum(math.comb(n, i) for i in range(min(wins, losses) + 1))
    return min(1.0, 2.0 * tail / float(2**n))
