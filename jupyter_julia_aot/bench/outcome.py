"""The result of an evaluation, and its JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_julia_aot.bench.journal import Judged
from jupyter_julia_aot.bench.metrics import bootstrap, mean, pass_at_k
from jupyter_julia_aot.errors import BenchError
from jupyter_julia_aot.records import VERDICTS, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Verdicts per task in the order of its samples; ``None`` marks a harness fault.

    Harness faults are no verdicts: they count neither for nor against pass@k.
    """

    tasks: Mapping[str, tuple[Verdict | None, ...]]
    ks: tuple[int, ...] = (1,)
    faults: Mapping[str, int] = field(default_factory=dict)
    """Message of each harness fault → how often."""
    wall_seconds: float = 0.0
    """Of all sessions together, when the evaluation was resumed (a killed one up to its last verdict)."""
    worker_seconds: float = 0.0
    julia: str = ""

    def verdicts(self) -> dict[str, int]:
        """How often each verdict was given; all verdicts are listed."""
        counts = Counter(v for verdicts in self.tasks.values() for v in verdicts if v is not None)
        return {verdict: counts.get(verdict, 0) for verdict in VERDICTS}

    @property
    def judged(self) -> int:
        """Samples with a verdict."""
        return sum(self.verdicts().values())

    @property
    def harness_errors(self) -> int:
        """Samples without one."""
        return sum(v is None for verdicts in self.tasks.values() for v in verdicts)

    @property
    def syntax_rate(self) -> float:
        """Share of judged samples that parse, 0…1."""
        return 1.0 - self.verdicts()["syntax"] / self.judged if self.judged else 0.0

    def per_task(self, k: int) -> dict[str, float]:
        """pass@k of every task that still has ``k`` judged samples."""
        out = {}
        for task_id, verdicts in self.tasks.items():
            judged = [v for v in verdicts if v is not None]
            if len(judged) >= k:
                out[task_id] = pass_at_k(len(judged), judged.count("passed"), k)
        return out

    def pass_at(self, k: int) -> float:
        """Mean pass@k over tasks."""
        return mean(list(self.per_task(k).values()))

    def interval(self, k: int) -> tuple[float, float]:
        """95 % bootstrap interval over tasks."""
        return bootstrap(list(self.per_task(k).values()))

    def to_json(self) -> dict[str, Any]:
        """The object of the CLI contract, plus what else was counted."""
        return {
            "pass@k": {str(k): self.pass_at(k) for k in self.ks},
            "interval": {str(k): list(self.interval(k)) for k in self.ks},
            "tasks": {task_id: list(verdicts) for task_id, verdicts in self.tasks.items()},
            "verdicts": self.verdicts(),
            "syntax_rate": self.syntax_rate,
            "harness_errors": self.harness_errors,
            "faults": dict(self.faults),
            "wall_seconds": self.wall_seconds,
            "worker_seconds": self.worker_seconds,
            "julia": self.julia,
        }


def gather(
    judged: Sequence[Judged], ks: tuple[int, ...], *, wall_seconds: float, julia: str, order: Sequence[str]
) -> Evaluation:
    """Put judged samples in order: tasks as in ``order``, samples by number. Independent of when
    and where each was judged."""
    by_task: dict[str, dict[int, Judged]] = {task_id: {} for task_id in order}
    for one in judged:
        by_task.setdefault(one.task_id, {})[one.index] = one
    return Evaluation(
        tasks={t: tuple(found[i].verdict for i in sorted(found)) for t, found in by_task.items() if found},
        ks=ks,
        faults=dict(sorted(Counter(j.fault for j in judged if j.verdict is None).items())),
        wall_seconds=wall_seconds,
        worker_seconds=sum(sorted(j.seconds for j in judged)),
        julia=julia,
    )


def read_evaluation(path: Path) -> Evaluation:
    """Read a result file. Raises :class:`BenchError` saying what is wrong with it."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        tasks = {str(k): tuple(v) for k, v in data["tasks"].items()}
        for task_id, verdicts in tasks.items():
            unknown = [v for v in verdicts if v is not None and v not in VERDICTS]
            if unknown:
                raise ValueError(f"unknown verdict {unknown[0]!r} of task {task_id!r}")
        return Evaluation(
            tasks=tasks,
            ks=tuple(int(k) for k in data["pass@k"]),
            faults=data.get("faults", {}),
            wall_seconds=float(data["wall_seconds"]),
            worker_seconds=float(data["worker_seconds"]),
            julia=str(data["julia"]),
        )
    except OSError as error:
        raise BenchError(f"{path}: {error.strerror or error}", remedy="check the path") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BenchError(
            f"{path}: no result of `eval` ({type(error).__name__}: {error})", remedy="give a file of --json"
        ) from error
