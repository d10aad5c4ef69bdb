"""pass@k and its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Sequence

from jupyter_julia_aot.errors import BenchError

RESAMPLES = 2000
CONFIDENCE = 0.95


def pass_at_k(n: int, c: int, k: int) -> float:
    """Probability that at least one of ``k`` samples passes, unbiased, when ``c`` of ``n`` did.

    1 − C(n−c, k) / C(n, k), as the product that Chen et al. 2021 ("Evaluating Large Language
    Models Trained on Code", arXiv 2107.03374) give. Raises :class:`BenchError` for ``k > n``,
    ``k < 1`` or ``c`` outside 0…n.
    """
    if not 1 <= k <= n:
        raise BenchError(
            f"pass@{k} cannot be estimated from {n} samples", remedy="take more samples, or a smaller k"
        )
    if not 0 <= c <= n:
        raise BenchError(f"{c} of {n} samples cannot have passed", remedy="check the results file")
    if n - c < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / i for i in range(n - c + 1, n + 1))


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean, 0 for no values."""
    return math.fsum(values) / len(values) if values else 0.0


def bootstrap(values: Sequence[float], *, seed: int = 0) -> tuple[float, float]:
    """Percentile bootstrap interval (95 %) of the mean of ``values``, one per task.

    Tasks are drawn with replacement :data:`RESAMPLES` times with a fixed ``seed``, so the same
    results give the same interval. One task or none has the interval of its own mean.
    """
    if len(values) < 2:
        return mean(values), mean(values)
    import numpy as np

    array = np.asarray(values, dtype=float)
    generator = np.random.default_rng(seed)
    means = np.empty(RESAMPLES)
    for i in range(RESAMPLES):
        means[i] = array[generator.integers(0, len(array), len(array))].mean()
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return float(low), float(high)
