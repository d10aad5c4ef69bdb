"""What this machine can do, as ``jupyter julia-aot doctor --json`` says.

It runs in a process of its own (a broken Julia or model library must not take the server) and
the last answer is kept in the data directory, so that the panel has something to show at once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import Any

from jupyter_julia_aot.server.supervise import write
from jupyter_julia_aot.settings import data_dir

SECONDS = 120.0


class Doctor:
    """The last diagnosis; one runs at a time."""

    def __init__(self) -> None:
        self._running = threading.Lock()
        self._error = ""

    def last(self) -> dict[str, Any]:
        """``{"checked": seconds | None, "running", "error", "doctor": {…} | None}``."""
        path = data_dir() / "doctor.json"
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            checked: float | None = path.stat().st_mtime
        except (OSError, ValueError):
            known, checked = None, None
        return {
            "checked": checked,
            "running": self._running.locked(),
            "error": self._error,
            "doctor": known,
        }

    def check(self) -> dict[str, Any]:
        """Run the diagnosis (seconds), keep and return its answer as :meth:`last` does."""
        if not self._running.acquire(blocking=False):
            return self.last()
        try:
            self._error = self._run()
        finally:
            self._running.release()
        return self.last()

    def _run(self) -> str:
        command = [sys.executable, "-m", "jupyter_julia_aot.cli", "doctor", "--json"]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
            )
            answer = json.loads(done.stdout)
        except subprocess.TimeoutExpired:
            return f"the diagnosis took longer than {SECONDS:.0f} s"
        except ValueError:
            said = done.stderr.decode("utf-8", errors="replace").strip().splitlines()
            return said[-1][:500] if said else f"the diagnosis ended with code {done.returncode}"
        path = data_dir() / "doctor.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, json.dumps(answer))
        return ""
