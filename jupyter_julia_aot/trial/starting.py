"""The start of a confined Julia, which takes seconds and must be stoppable from another thread."""

from __future__ import annotations

import threading

from jupyter_julia_aot.trial.confined import ConfinedProcess


class Starting:
    """One start, its attempts included. Whoever starts calls :meth:`began`, whoever stops :meth:`end`."""

    def __init__(self) -> None:
        self.ended = False
        """Whether it was stopped: what is being started does not come up, and no other way is tried."""
        self._lock = threading.Lock()
        self._process: ConfinedProcess | None = None

    def began(self, process: ConfinedProcess) -> None:
        """The process is there, but not ready yet."""
        with self._lock:
            self._process = process
            ended = self.ended
        if ended:
            process.kill()

    def end(self) -> None:
        """Kill what is being started. From any thread, at any time."""
        with self._lock:
            self.ended = True
            process = self._process
        if process is not None:
            process.kill()
