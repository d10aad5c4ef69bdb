"""Trials on any executor: a cluster's, or processes of this machine.

Each process that an executor runs keeps one :class:`~jupyter_julia_aot.trial.TrialPool`, started
with the first trial it gets. Verdicts come back as futures, so the runner that journals them stays
in one place: a worker that dies loses only what it was doing, and the executor runs that again.
"""

from __future__ import annotations

import atexit
import threading
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

from jupyter_julia_aot.bench.runner import Submit
from jupyter_julia_aot.errors import BenchError
from jupyter_julia_aot.records import Candidate, Limits, Oracle, Toolchain, Trial, from_json, to_json

if TYPE_CHECKING:
    from jupyter_julia_aot.trial import TrialPool

_lock = threading.Lock()
_pools: dict[str, TrialPool] = {}


def on_executor(
    executor: Executor, toolchain: Toolchain, *, limits: Limits | None = None, sandbox: str = "auto"
) -> Submit:
    """A ``submit`` for :func:`~jupyter_julia_aot.bench.runner.evaluate` that runs on ``executor``.

    The toolchain's path must be valid on every machine of the executor.
    """
    settled = {"toolchain": to_json(toolchain), "limits": to_json(limits or Limits()), "sandbox": sandbox}

    def submit(candidate: Candidate, oracle: Oracle) -> Future[Trial]:
        future: Future[Trial] = executor.submit(judge, settled, to_json(candidate), to_json(oracle))
        return future

    return submit


def judge(settled: dict[str, Any], candidate: dict[str, Any], oracle: dict[str, Any]) -> Trial:
    """Run one trial in this process's pool. Arguments are plain data, so that they travel."""
    return _pool(settled).run(from_json(Candidate, candidate), from_json(Oracle, oracle))


def _pool(settled: dict[str, Any]) -> TrialPool:
    from jupyter_julia_aot.trial import TrialPool

    key = repr(settled)
    with _lock:
        if key not in _pools:
            # One worker per call at a time: how many run at once is the executor's business.
            _pools[key] = TrialPool(
                from_json(Toolchain, settled["toolchain"]),
                limits=from_json(Limits, settled["limits"]),
                workers=1,
                sandbox=settled["sandbox"],
            )
            atexit.register(_pools[key].close)
        return _pools[key]


def dask_executor(scheduler: str, *, seconds: float = 10.0) -> Executor:
    """The executor of a running Dask cluster (``tcp://host:8786``), waited for at most ``seconds``.

    Raises :class:`BenchError` when Dask is not installed or the scheduler does not answer.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise BenchError(
            "a scheduler was given but Dask is not installed", remedy="pip install jupyter_julia_aot[scale]"
        ) from error
    try:
        client: Any = Client(scheduler, timeout=seconds, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise BenchError(
            f"no Dask scheduler answers at {scheduler}", remedy="start one: dask scheduler --host 127.0.0.1"
        ) from error
    # Trials are pure functions of their arguments for Dask, yet each must run: two samples with the
    # same code were already merged, and a timing verdict may differ.
    executor: Executor = client.get_executor(pure=False, retries=3)
    return executor
