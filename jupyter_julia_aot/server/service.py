"""What the routes answer, as plain values: no tornado here.

Methods may block on SQLite or a process; the handlers call them in a thread.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jupyter_julia_aot import __version__
from jupyter_julia_aot.errors import HistoryError
from jupyter_julia_aot.history import History, RunSummary, ledger
from jupyter_julia_aot.records import to_json
from jupyter_julia_aot.server import artifacts, bundle, commands, processes, settings_file
from jupyter_julia_aot.server.doctor import Doctor
from jupyter_julia_aot.server.jobs import Jobs
from jupyter_julia_aot.server.validate import Fields, RequestError, body_fields
from jupyter_julia_aot.settings import JuliaAot, data_dir

RUNNING_SCAN = 200
"""How many of the newest runs are looked at for ones still running."""

RECENT_RUNS = 50

TAKEN_SECONDS = 2.0
"""How long a kernel has to see that a run of it shall stop; it looks five times a second."""


class Service:
    """Everything the panel can ask of this server."""

    def __init__(self, root: Path | None = None) -> None:
        """``root``: the folder that the server's file browser shows; paths in requests start there."""
        self.root = root or Path.cwd()
        self.history = History()
        self.jobs = Jobs()
        self.doctor = Doctor()

    # ------------------------------------------------------------ now

    def now(self) -> dict[str, Any]:
        """Everything that runs: runs of kernels and command lines, and jobs of this panel."""
        seq = self.history.last_change()
        running = self.running_runs()
        return {
            "version": __version__,
            "seq": seq,
            "time": time.time(),
            "runs": [self._detail(r.id) for r in running],
            "progress": to_json(self.history.progress()),
            "jobs": self.jobs.views(),
        }

    def running_runs(self) -> list[RunSummary]:
        """Runs without an end whose process lives."""
        return [r for r in self.history.runs(RUNNING_SCAN) if self._runs(r)]

    def stop_run(self, run_id: str) -> dict[str, Any]:
        """Stop a run in whatever process it is.

        A kernel is left a message first, which stops this run alone; one that does not take it,
        and any other process, is interrupted as the notebook's stop button does.
        """
        summary = self._run(run_id).summary
        if summary.status != "running":
            raise RequestError("the run has ended already", status=409)
        pid = processes.run_pid(summary.kernel, summary.started)
        if pid is None:
            raise RequestError("the process of this run has ended", status=409)
        if processes.is_kernel(pid) and self._message_taken(summary.id):
            return {"stopped": run_id}
        if not processes.interrupt(pid):
            raise RequestError("the process of this run has ended", status=409)
        return {"stopped": run_id}

    def _message_taken(self, run_id: str) -> bool:
        """Leave a stop file for a run (see ``magics/jobs.py``); whether it was taken in time."""
        message = data_dir() / "stop" / run_id
        message.parent.mkdir(parents=True, exist_ok=True)
        message.touch()
        deadline = time.monotonic() + TAKEN_SECONDS
        while time.monotonic() < deadline:
            if not message.exists():
                return True
            time.sleep(0.02)
        try:
            message.unlink()
        except FileNotFoundError:
            return True  # taken in the last instant
        return False

    # ------------------------------------------------------------ history

    def runs(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        """A page of the history: ``limit``, ``offset``, ``search``, ``starred``."""
        fields = Fields(arguments, text=True)
        limit = fields.integer("limit", 100, least=1, most=500)
        offset = fields.integer("offset", 0)
        search = fields.string("search", "", most=1000)
        starred = fields.flag("starred", False)
        found = self.history.runs(limit, offset, search, starred=starred)
        return {
            "runs": [self._summary(r) for r in found],
            "total": self.history.count(search, starred=starred),
            "offset": offset,
        }

    def run(self, run_id: str) -> dict[str, Any]:
        """Everything of one run."""
        return self._detail(run_id)

    def change_run(self, run_id: str, body: bytes) -> dict[str, Any]:
        """Star a run or take the star away: ``{"starred": bool}``."""
        starred = Fields(body_fields(body, {"starred"})).flag("starred")
        self._run(run_id)
        self.history.star(run_id, starred)
        return self._summary(self._run(run_id).summary)

    def delete_run(self, run_id: str) -> None:
        """Delete a run from the history; its artifacts stay on disk."""
        self._run(run_id)
        self.history.delete(run_id)

    # ------------------------------------------------------------ builds

    def builds(self) -> dict[str, Any]:
        """Artifacts with their sizes, newest first, and the ids of those a newer version made."""
        return {
            "builds": artifacts.listing(self.history),
            "unreadable": list(self.history.unreadable_builds()),
        }

    def artifact_file(self, artifact_id: str) -> Path:
        """The checked file of an artifact, for download."""
        return artifacts.checked_file(artifacts.find(self.history, artifact_id))

    def artifact_bundle(self, artifact_id: str) -> tuple[str, Iterator[bytes]]:
        """An artifact with its libraries: the name of a ZIP file, and its bytes as they are made."""
        entry = artifacts.find(self.history, artifact_id)
        files = bundle.bundle_files(entry)
        return f"{entry.result.artifact.name}.zip", bundle.zipped(entry, files)

    def delete_build(self, artifact_id: str) -> None:
        """Delete an artifact from disk."""
        artifacts.delete(self.history, artifact_id)

    def run_build(self, artifact_id: str, body: bytes) -> dict[str, Any]:
        """Run an artifact with arguments as a job: ``{"args": [text, …]}``."""
        arguments = Fields(body_fields(body, {"args"})).strings("args")
        entry = artifacts.find(self.history, artifact_id)
        if entry.result.artifact.kind != "exe":
            raise RequestError("only executables can be run", field="id")
        path = artifacts.checked_file(entry)
        return self.jobs.start("run", entry.result.artifact.name, ["--json", str(path), "--", *arguments])

    def prune_builds(self) -> dict[str, Any]:
        """Forget builds whose file is gone."""
        return {"pruned": artifacts.prune(self.history)}

    # ------------------------------------------------------------ jobs

    def start_job(self, body: bytes) -> dict[str, Any]:
        """Start long work; see :mod:`jupyter_julia_aot.server.commands` for the fields."""
        data = body_fields(body, commands.FIELDS)
        notebook = Fields(data).string("notebook", "", most=4096)
        command = commands.command(data, self.root)
        return self.jobs.start(
            command.verb, command.title, command.arguments, files=command.files, notebook=notebook
        )

    # ------------------------------------------------------------ model, Julia, settings, ledger

    def model(self) -> dict[str, Any]:
        """The model as the last runs saw it: speed, cached share of the prompt, warnings."""
        recent = [r for r in self.history.runs(RECENT_RUNS) if r.usage.completion_tokens]
        seconds = sum(r.usage.seconds for r in recent)
        prompt = sum(r.usage.prompt_tokens for r in recent)
        warnings = [
            {"run_id": r.id, "at": e.at, **{k: str(e.data.get(k, "")) for k in ("message", "remedy")}}
            for r in recent[:5]
            for e in self.history.run(r.id).events
            if e.kind == "warning"
        ]
        return {
            "runs": len(recent),
            "model": recent[0].model if recent else None,
            "tokens_per_second": (
                sum(r.usage.completion_tokens for r in recent) / seconds if seconds else None
            ),
            "cached_share": sum(r.usage.cached_tokens for r in recent) / prompt if prompt else None,
            "warnings": warnings,
        }

    def settings(self) -> dict[str, Any]:
        """Settings, their origins and the file they are kept in."""
        return settings_file.read()

    def change_settings(self, body: bytes) -> dict[str, Any]:
        """Write settings to the file that the magics read; ``null`` removes one."""
        return settings_file.write(body_fields(body, JuliaAot.class_trait_names(config=True)))

    def ledger(self, arguments: Mapping[str, str]) -> dict[str, Any]:
        """Tokens, seconds, energy and money: ``since`` (epoch), ``watts``, ``tariff``, ``baselines``."""
        fields = Fields(arguments, text=True)
        current = JuliaAot()
        watts = fields.number("watts", current.watts)
        tariff = fields.number("tariff", current.tariff)
        chosen = fields.string("baselines", current.baseline_model, most=1000)
        counted = ledger(
            self.history,
            fields.number("since", 0.0) or 0.0,
            watts=watts,
            tariff=tariff,
            baselines=[name.strip() for name in chosen.split(",") if name.strip()][:20],
        )
        return {**to_json(counted), "watts": watts, "tariff": tariff}

    # ------------------------------------------------------------ helpers

    def _run(self, run_id: str) -> Any:
        try:
            return self.history.run(run_id)
        except HistoryError as error:
            if "no run" in error.message:
                raise RequestError(f"no run {run_id!r}", field="id", status=404) from error
            raise

    def _runs(self, summary: RunSummary) -> bool:
        return summary.status == "running" and processes.run_pid(summary.kernel, summary.started) is not None

    def _summary(self, summary: RunSummary) -> dict[str, Any]:
        view: dict[str, Any] = to_json(summary)
        if summary.status == "running" and not self._runs(summary):
            view["status"] = "lost"
        return view

    def _detail(self, run_id: str) -> dict[str, Any]:
        detail = self._run(run_id)
        return {**to_json(detail), "summary": self._summary(detail.summary)}
