"""Trial pools that stay warm between runs, so that only the first cell waits for Julia to start.

A pool belongs to one run at a time. After a run that ended well it is kept, and its workers stop
by themselves when idle; after a stop or a fault it is closed, so that nothing is left behind.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jupyter_julia_aot.errors import ModelError, OracleError
from jupyter_julia_aot.pipeline.options import Options
from jupyter_julia_aot.records import to_json
from jupyter_julia_aot.settings import settings

if TYPE_CHECKING:
    from jupyter_julia_aot.trial import TrialPool

# Pools kept at most: one per way of running trials that a notebook uses side by side.
MOST_KEPT = 2

_lock = threading.Lock()
_kept: dict[str, TrialPool] = {}


@contextmanager
def trial_pool(options: Options) -> Iterator[TrialPool]:
    """A pool for one run. Raises :class:`~jupyter_julia_aot.errors.ToolchainError` without a Julia."""
    from jupyter_julia_aot.toolchain import choose_toolchain
    from jupyter_julia_aot.trial import TrialPool

    toolchain = choose_toolchain("trial", options.julia)
    key = repr((to_json(toolchain), options.limits, options.workers, options.sandbox))
    with _lock:
        pool = _kept.pop(key, None)
    if pool is None:
        pool = TrialPool(
            toolchain,
            limits=options.limits,
            workers=options.workers,
            sandbox=options.sandbox,
            idle_seconds=settings().idle_seconds,
        )
    try:
        yield pool
    except (OracleError, ModelError):
        # Nothing is wrong with Julia: the next attempt need not wait for it again.
        pool.cancel_all()
        _keep(key, pool)
        raise
    except BaseException:
        pool.close()
        raise
    _keep(key, pool)


def _keep(key: str, pool: TrialPool) -> None:
    with _lock:
        if not _kept:
            atexit.register(close_pools)
        surplus = [_kept.pop(key)] if key in _kept else []
        _kept[key] = pool
        while len(_kept) > MOST_KEPT:
            surplus.append(_kept.pop(next(iter(_kept))))
    for old in surplus:
        old.close()


def close_pools() -> None:
    """Stop the workers that are kept warm."""
    with _lock:
        pools = list(_kept.values())
        _kept.clear()
    for pool in pools:
        pool.close()
