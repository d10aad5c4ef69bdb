"""Order, restarts and faults do not change a result. The judge here is a plain function; the
real one is used in test_bench_julia and test_bench_scale."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_julia_aot.bench import Evaluation, Progress, Sample, Task, evaluate
from jupyter_julia_aot.errors import BenchError, Cancelled, WorkerError
from jupyter_julia_aot.records import VERDICTS, Candidate, Oracle, Prompt, Trial

ROOT = Path(__file__).resolve().parents[2]


def tasks(count: int = 6) -> list[Task]:
    return [
        Task(
            id=f"t{i}",
            prompt=Prompt(name="f", request="r"),
            oracle=Oracle(source=f"@test f() == {i}"),
            source="here",
        )
        for i in range(count)
    ]


def samples(count: int = 6, each: int = 8) -> list[Sample]:
    return [
        Sample(task_id=f"t{i}", index=n, code=f"f() = {i} + {(n * 7 + i) % 8}")
        for n in range(each)
        for i in range(count)
    ]


def judge(candidate: Candidate, oracle: Oracle) -> Trial:
    """A verdict that depends on the code alone, as a real one does."""
    number = int(candidate.code.rsplit("+", 1)[1])
    if "harness" in candidate.code:
        raise WorkerError("the worker is gone")
    return Trial(candidate_id=candidate.id, verdict=VERDICTS[number % len(VERDICTS)], seconds=0.25)


def run(order: list[Sample], workers: int = 1, window: int = 4, **more: object) -> Evaluation:
    with ThreadPoolExecutor(workers) as pool:
        return evaluate(
            tasks(),
            order,
            lambda c, o: pool.submit(judge, c, o),
            window=window,
            julia="1.5.3",
            **more,  # type: ignore[arg-type]
        )


def without_time(evaluation: Evaluation) -> str:
    data = evaluation.to_json()
    del data["wall_seconds"]
    return json.dumps(data)


def test_workers_order_and_window_do_not_matter() -> None:
    expected = without_time(run(samples()))
    for seed in range(5):
        shuffled = samples()
        random.Random(seed).shuffle(shuffled)
        assert without_time(run(shuffled, workers=4, window=1 + 9 * seed)) == expected


def test_a_finished_journal_is_not_judged_again(tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    first = run(samples(), journal=journal)

    def never(candidate: Candidate, oracle: Oracle) -> Future[Trial]:
        raise AssertionError("judged again")

    again = evaluate(tasks(), samples(), never, journal=journal, julia="1.5.3")
    assert without_time(again) == without_time(first)


def test_wall_seconds_are_those_of_all_sessions(tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    run(samples(), journal=journal)
    lines = journal.read_text().splitlines()
    # As if the first session had been killed after its tenth verdict, an hour after it began.
    tenth = json.loads(lines[10])
    lines[10] = json.dumps({**tenth, "wall": 3600.0})
    journal.write_text("\n".join(lines[:11]) + "\n")
    assert run(samples(), journal=journal).wall_seconds >= 3600.0
    last = json.loads(journal.read_text().splitlines()[-1])
    assert last["wall"] >= 3600.0
    assert run(samples(), journal=journal).wall_seconds >= last["wall"]


def test_half_a_line_is_dropped_and_judged_again(tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    expected = without_time(run(samples(), journal=journal))
    whole = journal.read_bytes()
    for cut in (len(whole) - 1, len(whole) - 30, len(whole) // 2, 20, 0):
        journal.write_bytes(whole[:cut])
        assert without_time(run(samples(), journal=journal)) == expected
        assert len(journal.read_bytes().splitlines()) == 1 + len(samples())


def test_a_foreign_or_broken_journal_is_refused(tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    run(samples(), journal=journal)
    with pytest.raises(BenchError, match="belongs to other tasks, samples or another Julia"):
        run(samples()[:-1], journal=journal)
    journal.write_bytes(journal.read_bytes() + b"garbage\n")
    with pytest.raises(BenchError, match=r"j\.jsonl, line 50: no journal line"):
        run(samples(), journal=journal)
    with pytest.raises(BenchError, match="cannot write the journal"):
        run(samples(), journal=tmp_path / "no" / "such" / "j.jsonl")


def test_harness_faults_are_apart_and_tried_again(tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    broken = [*samples(), Sample(task_id="t0", index=8, code="harness + 0")]
    evaluation = run(broken, journal=journal)
    assert evaluation.harness_errors == 1
    assert evaluation.faults == {"WorkerError: the worker is gone": 1}
    assert evaluation.tasks["t0"][8] is None
    asked = []

    def recovered(candidate: Candidate, oracle: Oracle) -> Future[Trial]:
        asked.append(candidate.id)
        future: Future[Trial] = Future()
        future.set_result(Trial(candidate_id=candidate.id, verdict="passed"))
        return future

    again = evaluate(tasks(), broken, recovered, journal=journal, julia="1.5.3")
    assert asked == ["t0#8"]
    assert again.harness_errors == 0


def test_an_executor_that_refuses_is_a_harness_fault() -> None:
    def refuse(candidate: Candidate, oracle: Oracle) -> Future[Trial]:
        raise RuntimeError("shut down")

    evaluation = evaluate(tasks(), samples(), refuse)
    assert evaluation.harness_errors == len(samples())
    assert evaluation.pass_at(1) == 0.0


def test_copies_are_judged_once_and_blank_answers_not_at_all() -> None:
    asked: list[str] = []

    def count(candidate: Candidate, oracle: Oracle) -> Future[Trial]:
        asked.append(candidate.id)
        future: Future[Trial] = Future()
        future.set_result(judge(candidate, oracle))
        return future

    doubled = [
        Sample(task_id="t0", index=i, code=c) for i, c in enumerate(["f + 0", "f + 1", "f + 0", "", " \n"])
    ]
    evaluation = evaluate(tasks(1), doubled, count)
    assert asked == ["t0#0", "t0#1"]
    assert evaluation.tasks["t0"] == ("passed", "failed", "passed", "syntax", "syntax")
    assert evaluation.worker_seconds == 0.5


def test_k_above_the_samples_is_refused_at_once() -> None:
    with pytest.raises(BenchError, match="pass@9 needs 9 samples per task, but 't0' has 8"):
        run(samples(), ks=(1, 9))
    with pytest.raises(BenchError, match="unknown task 'zz'"):
        evaluate(tasks(1), [Sample(task_id="zz", index=0, code="x")], lambda c, o: Future())


def test_progress_ends_at_the_total_with_an_estimate() -> None:
    seen: list[Progress] = []
    run(samples(), progress=seen.append)
    assert [p.done for p in seen] == list(range(1, 49))
    assert seen[-1].total == 48
    assert seen[-1].remaining == 0
    assert seen[0].remaining is None  # before the first verdict workers start: no pace to go by
    assert seen[1].remaining is not None
    assert seen[-1].passed == 6


def test_stopping_cancels_what_waits_and_keeps_what_was_judged(tmp_path: Path) -> None:
    stop = threading.Event()
    seen: list[Progress] = []
    waiting: list[Future[Trial]] = []

    def some(candidate: Candidate, oracle: Oracle) -> Future[Trial]:
        future: Future[Trial] = Future()
        if len(waiting) < 10:
            future.set_result(judge(candidate, oracle))
        waiting.append(future)
        return future

    def progress(p: Progress) -> None:
        seen.append(p)
        if p.done == 10:
            stop.set()

    journal = tmp_path / "j.jsonl"
    with pytest.raises(Cancelled):
        evaluate(
            tasks(),
            samples(),
            some,
            journal=journal,
            progress=progress,
            cancel=stop,
            julia="1.5.3",
            window=20,
        )
    assert len(journal.read_text().splitlines()) == 11
    assert all(f.cancelled() for f in waiting[10:])
    assert without_time(run(samples(), journal=journal)) == without_time(run(samples()))


KILLED = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from jupyter_julia_aot.bench import evaluate
from tests.bench.test_bench_runner import judge, samples, tasks

def slow(candidate, oracle):
    time.sleep(0.005)
    return judge(candidate, oracle)

with ThreadPoolExecutor(2) as pool:
    evaluate(tasks(), samples(each=200), lambda c, o: pool.submit(slow, c, o), journal=Path(sys.argv[1]),
             julia="1.5.3", progress=lambda p: print(p.done, flush=True))
"""


def test_killed_at_any_moment_it_goes_on_and_counts_nothing_twice(tmp_path: Path) -> None:
    journal = tmp_path / "j.jsonl"
    todo = samples(each=200)
    for stop_at in (5, 12, 19):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(journal)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= stop_at:
                process.send_signal(signal.SIGKILL)
                break
        process.stdout.read()
        process.wait(timeout=300)
        process.stdout.close()
    keys = [(d["task"], d["sample"]) for d in map(json.loads, journal.read_text().splitlines()[1:-1])]
    assert len(keys) == len(set(keys))
    resumed = run(todo, journal=journal)
    assert without_time(resumed) == without_time(run(todo))
