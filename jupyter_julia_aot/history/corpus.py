"""Export of what was verified: prompts with the code that passed, and what failed before it.

One JSON object per line, keys in :data:`FIELDS`. Only runs with a passed candidate are
exported, each (request, solution) pair once, so the file can train a model as it is.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from jupyter_julia_aot.errors import HistoryError
from jupyter_julia_aot.history.store import History
from jupyter_julia_aot.history.views import CandidateEntry, RunDetail
from jupyter_julia_aot.records import Trial

FORMAT = 1

FIELDS = (
    "format",
    "run_id",
    "name",
    "prompt",
    "signature",
    "context",
    "tests",
    "tests_language",
    "failed",
    "solution",
    "origin",
    "notes",
    "verdict",
    "checks",
    "run_seconds",
    "julia",
    "model",
    "temperature",
    "seed",
    "at",
)


def corpus_entry(run: RunDetail) -> dict[str, Any] | None:
    """The corpus line of a run, or ``None`` when nothing in it was proven by an oracle."""
    proven = _proven(run)
    if proven is None or run.prompt is None or run.prompt.oracle is None:
        return None
    solution, trial = proven
    prompt, sampling = run.prompt, run.sampling
    return {
        "format": FORMAT,
        "run_id": run.summary.id,
        "name": prompt.name,
        "prompt": prompt.request,
        "signature": prompt.signature,
        "context": prompt.context,
        "tests": run.prompt.oracle.source,
        "tests_language": run.prompt.oracle.language,
        "failed": [_failed(c, t) for c in run.candidates for t in c.trials if t.verdict != "passed"],
        "solution": solution.candidate.code,
        "origin": solution.candidate.origin,
        "notes": list(solution.candidate.notes),
        "verdict": trial.verdict,
        "checks": trial.checks.passed,
        "run_seconds": trial.run_seconds,
        "julia": trial.julia,
        "model": run.summary.model,
        "temperature": None if sampling is None else sampling.temperature,
        "seed": None if sampling is None else sampling.seed,
        "at": solution.at,
    }


def _proven(run: RunDetail) -> tuple[CandidateEntry, Trial] | None:
    """The accepted candidate if it passed, else the selected one, else the first that passed."""
    passed = {
        c.candidate.id: (c, next(t for t in c.trials if t.verdict == "passed"))
        for c in run.candidates
        if any(t.verdict == "passed" for t in c.trials)
    }
    for wanted in (run.summary.accepted, run.summary.selected, *passed):
        if wanted in passed:
            return passed[wanted]
    return None


def _failed(entry: CandidateEntry, trial: Trial) -> dict[str, Any]:
    error = trial.error
    return {
        "code": entry.candidate.code,
        "origin": entry.candidate.origin,
        "verdict": trial.verdict,
        "error": None
        if error is None
        else {"type": error.type, "message": error.message, "line": error.line},
        "failures": list(trial.failures),
    }


def export_corpus(history: History, path: Path) -> int:
    """Write the corpus of ``history`` to ``path`` (replaced as a whole); returns its lines.

    Raises :class:`HistoryError` when the history cannot be read or the file not written.
    """
    ids = [row[0] for row in history.rows("SELECT id FROM run WHERE passed > 0 ORDER BY seq")]
    seen: set[tuple[str, str]] = set()
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                for run_id in ids:
                    entry = corpus_entry(history.run(run_id))
                    if entry is None or (key := (entry["prompt"], entry["solution"])) in seen:
                        continue
                    seen.add(key)
                    file.write(json.dumps(entry) + "\n")
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise HistoryError(
            f"cannot write the corpus {path}: {error.strerror or error}", remedy="choose another file"
        ) from error
    return len(seen)
