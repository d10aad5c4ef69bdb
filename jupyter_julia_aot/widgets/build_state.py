"""What a view shows of a build: plain JSON, kept up to date by events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_julia_aot.records import Event
from jupyter_julia_aot.widgets.state import clipped
from jupyter_julia_aot.widgets.treemap import tiles

# Diagnostics shown at most; a failing build can print thousands.
MOST_DIAGNOSTICS = 50


class BuildState:
    """Header, stages, diagnostics and result of one build.

    ``head`` holds ``name kind status message remedy seconds stage_at run_id``; ``stages`` are
    ``{name, state, seconds}``; ``result`` is the artifact with its libraries, their treemap, and first
    run; ``diff`` what ``--fix`` rewrote, as ``[mark, text]`` with the marks `` ``, ``+``, ``-``, ``@``.
    """

    def __init__(self, name: str, kind: str, source: str = "") -> None:
        self.head: dict[str, Any] = {
            "name": name,
            "kind": kind,
            "status": "running",
            "message": "",
            "remedy": "",
            "seconds": 0.0,
            "stage_at": None,
            "run_id": "",
        }
        self.stages: list[dict[str, Any]] = []
        self.diagnostics: list[dict[str, Any]] = []
        self.result: dict[str, Any] = {}
        self.diff: list[list[str]] = []
        self._source = source.splitlines()
        self._began: float | None = None

    def add(self, event: Event) -> None:
        """Take in one event; kinds that are not shown are ignored."""
        self.head["run_id"] = event.run_id
        if self._began is None:
            self._began = event.at
        self.head["seconds"] = round(event.at - self._began, 2)
        if event.kind == "stage":
            self._stage(event.data, event.at)
        else:
            handler = getattr(self, f"_{event.kind}", None)
            if handler is not None:
                handler(event.data)

    def _stage(self, data: Mapping[str, Any], at: float) -> None:
        if data["state"] == "started":
            self.stages.append({"name": data["name"], "state": "started", "seconds": 0.0})
            self.head["stage_at"] = at
            return
        for stage in self.stages:
            if stage["name"] == data["name"] and stage["state"] == "started":
                stage.update(state="finished", seconds=round(data["seconds"], 2))
                return
        self.stages.append({"name": data["name"], "state": "finished", "seconds": round(data["seconds"], 2)})

    def _diagnostic(self, data: Mapping[str, Any]) -> None:
        if len(self.diagnostics) >= MOST_DIAGNOSTICS:
            return
        diagnostic = dict(data["diagnostic"])
        line = diagnostic.get("line")
        known = isinstance(line, int) and 1 <= line <= len(self._source)
        diagnostic["source"] = self._source[int(line or 1) - 1] if known else ""
        diagnostic["message"] = clipped(diagnostic["message"], 4000)
        self.diagnostics.append(diagnostic)

    def _built(self, data: Mapping[str, Any]) -> None:
        result = data["result"]
        verified = dict(result["verified"])
        verified["stdout"] = clipped(verified["stdout"])
        verified["stderr"] = clipped(verified.get("stderr", ""))
        artifact = result["artifact"]
        parts = [(lib["name"], lib["bytes"]) for lib in artifact["libraries"] if lib["bundled"]]
        self.result = {
            "artifact": artifact,
            "tiles": tiles([(artifact["name"], artifact["bytes"]), *parts]) if parts else [],
            "cached": result["cached"],
            "verified": verified,
            "backend_reason": result.get("backend_reason", ""),
            "proof": result.get("proof"),
            "times": list(result.get("times") or ()),
        }

    def _fixed(self, data: Mapping[str, Any]) -> None:
        lines = clipped(data["diff"]).splitlines()
        self.diff = [[line[:1] or " ", line[1:]] for line in lines if not line.startswith(("---", "+++"))]

    def restart(self) -> None:
        """Empty it for another build of the same thing."""
        self.head.update(status="running", message="", remedy="", seconds=0.0, stage_at=None, run_id="")
        self.stages, self.diagnostics, self.result, self.diff = [], [], {}, []
        self._began = None

    def _error(self, data: Mapping[str, Any]) -> None:
        self.head.update(
            status="failed", message=clipped(data["message"], 8000), remedy=data.get("remedy", "")
        )

    def _run_finished(self, data: Mapping[str, Any]) -> None:
        self.head.update(status=data["status"], seconds=round(data.get("seconds", 0.0), 2), stage_at=None)
        for stage in self.stages:
            if stage["state"] == "started":
                stage["state"] = "stopped"
