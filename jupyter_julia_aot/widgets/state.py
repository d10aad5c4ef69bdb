"""What a view shows of a generation: plain JSON, kept up to date by events."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from jupyter_julia_aot.records import Event

# Longest text of one kind that goes to the browser; a candidate may print without end.
MOST_TEXT = 20_000

Row = dict[str, Any]


def clipped(text: str, most: int = MOST_TEXT) -> str:
    """``text``, or its beginning and how much is missing."""
    return text if len(text) <= most else f"{text[:most]}\n… {len(text) - most} more characters"


def diff_lines(old: str, new: str) -> list[list[str]]:
    """``[mark, line]`` pairs from ``old`` to ``new``; marks are ``" "``, ``"-"`` and ``"+"``."""
    lines = difflib.ndiff(old.splitlines(), new.splitlines())
    return [[line[0], line[2:]] for line in lines if line[0] in " -+"]


class GenerationState:
    """Header, rows and unfinished answers of one generation.

    ``head`` holds ``name request status model source stage message remedy wanted answers passed
    prompt_tokens completion_tokens seconds reason selected accepted proven run_id warnings``;
    each of ``rows`` a candidate; ``streams`` the text of answers still being written, by index.
    """

    def __init__(self, name: str, request: str, proven: bool = True) -> None:
        self.head: dict[str, Any] = {
            "name": name,
            "request": request,
            "status": "starting",
            "model": "",
            "source": "",
            "stage": "",
            "message": "",
            "remedy": "",
            "wanted": 0,
            "answers": 0,
            "passed": 0,
            "prompt_tokens": 0,
            "completion_tokens": 0,
            "seconds": 0.0,
            "reason": "",
            "selected": None,
            "accepted": None,
            "proven": proven,
            "run_id": "",
            "warnings": [],
        }
        self.rows: list[Row] = []
        self.streams: dict[str, str] = {}
        self._began: float | None = None

    def add(self, event: Event) -> None:
        """Take in one event; kinds that are not shown are ignored."""
        head = self.head
        head["run_id"] = event.run_id
        if self._began is None:
            self._began = event.at
        head["seconds"] = round(event.at - self._began, 2)
        handler = getattr(self, f"_{event.kind}", None)
        if handler is not None:
            handler(event.data)

    def row(self, candidate_id: str) -> Row | None:
        """The row of a candidate, or ``None``."""
        return next((r for r in self.rows if r["id"] == candidate_id), None)

    def _stage(self, data: Mapping[str, Any]) -> None:
        self.head["stage"] = data["name"] if data["state"] == "started" else ""

    def _run_started(self, data: Mapping[str, Any]) -> None:
        model = data.get("model") or {}
        sampling = data.get("sampling") or {}
        self.head.update(
            status="running",
            stage="",
            model=model.get("model", ""),
            source=model.get("source", ""),
            wanted=sampling.get("n", 0),
        )

    def _token(self, data: Mapping[str, Any]) -> None:
        key = str(data["index"])
        self.streams[key] = clipped(self.streams.get(key, "") + data["text"])

    def _answer(self, data: Mapping[str, Any]) -> None:
        self.streams.pop(str(data["index"]), None)
        usage = data.get("usage") or {}
        self.head["answers"] += 1
        self.head["wanted"] = max(self.head["wanted"], self.head["answers"])
        self.head["prompt_tokens"] += usage.get("prompt_tokens", 0)
        self.head["completion_tokens"] += usage.get("completion_tokens", 0)

    def _candidate(self, data: Mapping[str, Any]) -> None:
        candidate = data["candidate"]
        parent = self.row(candidate.get("parent") or "")
        self.rows.append(
            {
                "id": candidate["id"],
                "number": len(self.rows) + 1,
                "origin": candidate["origin"],
                "parent": candidate.get("parent"),
                "parent_number": parent and parent["number"],
                "code": clipped(candidate["code"]),
                "diff": diff_lines(parent["code"], candidate["code"]) if parent else [],
                "notes": list(candidate.get("notes") or ()),
                "verdict": None,
                "passed": 0,
                "failed": 0,
                "seconds": 0.0,
                "error": None,
                "failures": [],
                "output": "",
            }
        )

    def _trial(self, data: Mapping[str, Any]) -> None:
        trial = data["trial"]
        row = self.row(trial["candidate_id"])
        if row is None:
            return
        error = trial.get("error")
        row.update(
            verdict=trial["verdict"],
            passed=trial["checks"]["passed"],
            failed=trial["checks"]["failed"],
            seconds=round(trial["seconds"], 3),
            error=error and {**error, "message": clipped(error["message"], 4000)},
            failures=[clipped(f, 2000) for f in trial.get("failures") or ()][:20],
            output=clipped(trial.get("output") or ""),
        )
        self.head["passed"] = sum(r["verdict"] == "passed" for r in self.rows)

    def _selection(self, data: Mapping[str, Any]) -> None:
        self.head["selected"] = data["selection"]["candidate_id"]
        self.head["reason"] = data["selection"]["reason"]

    def _accepted(self, data: Mapping[str, Any]) -> None:
        self.head["accepted"] = data["candidate_id"]

    def _warning(self, data: Mapping[str, Any]) -> None:
        text = data["message"] + (f" → {data['remedy']}" if data.get("remedy") else "")
        self.head["warnings"] = [*self.head["warnings"], text][-10:]

    def _error(self, data: Mapping[str, Any]) -> None:
        self.head.update(status="failed", message=data["message"], remedy=data.get("remedy", ""))

    def _run_finished(self, data: Mapping[str, Any]) -> None:
        self.streams.clear()
        usage = data.get("usage") or {}
        self.head.update(
            status=data["status"],
            stage="",
            seconds=round(data.get("seconds", 0.0), 2),
            prompt_tokens=usage.get("prompt_tokens", self.head["prompt_tokens"]),
            completion_tokens=usage.get("completion_tokens", self.head["completion_tokens"]),
        )
        for row in self.rows:
            row["verdict"] = row["verdict"] or "untried"
