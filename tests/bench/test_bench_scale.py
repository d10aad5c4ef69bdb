"""The same evaluation on a Dask cluster of two worker processes, one of which is killed."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_julia_aot.bench import Progress, Sample, dask_executor, evaluate, load_tasks, on_executor
from jupyter_julia_aot.errors import BenchError
from jupyter_julia_aot.records import Limits, Toolchain

distributed = pytest.importorskip("distributed", reason="needs the extra [scale]")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as cluster:
        yield cluster


@pytest.mark.julia
def test_a_worker_killed_mid_run_loses_and_doubles_nothing(
    cluster: Any, toolchain: Toolchain, tmp_path: Path
) -> None:
    tasks = load_tasks()[:5]
    samples = [
        Sample(task_id=task.id, index=index, code=code)
        for task in tasks
        for index, code in enumerate([task.reference, *(code for _, code in task.wrong)])
    ]
    executor = dask_executor(cluster.scheduler_address)
    with distributed.Client(cluster.scheduler_address) as client:
        victims = sorted(client.run(os.getpid).values())
    assert len(victims) == 2
    assert os.getpid() not in victims
    killed = threading.Event()

    def progress(state: Progress) -> None:
        if state.done >= 3 and not killed.is_set():
            killed.set()
            os.kill(victims[0], signal.SIGKILL)

    journal = tmp_path / "j.jsonl"
    submit = on_executor(executor, toolchain, limits=Limits(seconds=60))
    evaluation = evaluate(tasks, samples, submit, journal=journal, progress=progress)
    executor.shutdown(wait=False)
    assert killed.is_set()
    assert evaluation.faults == {}
    for task in tasks:
        right, *wrong = evaluation.tasks[task.id]
        assert right == "passed"
        assert len(wrong) == len(task.wrong)
        assert "passed" not in wrong
    written = [json.loads(line) for line in journal.read_text().splitlines()[1:]]
    keys = [(line["task"], line["sample"]) for line in written]
    assert sorted(keys) == sorted((s.task_id, s.index) for s in samples), "each sample exactly once"


def test_no_scheduler_there() -> None:
    with pytest.raises(BenchError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1") as caught:
        dask_executor("tcp://127.0.0.1:1", seconds=1.0)
    assert "dask scheduler" in caught.value.remedy
