"""Makes the events of one run and keeps them in the history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from jupyter_julia_aot.errors import JuliaAotError
from jupyter_julia_aot.records import Event, EventKind, new_id, to_json

if TYPE_CHECKING:
    from jupyter_julia_aot.history import History


class Recorder:
    """Numbers, stores and hands out events. ``history=None`` stores nothing.

    A history that cannot be written stops nothing: the first time it happens,
    :meth:`warning` has something to say.
    """

    def __init__(self, history: History | None, run_id: str | None = None) -> None:
        self.run_id = run_id or new_id()
        self._history = history
        self._warned = False

    def transient(self, kind: EventKind, **data: Any) -> Event:
        """An event for whoever is looking now; it is not stored."""
        return Event(run_id=self.run_id, kind=kind, data={k: to_json(v) for k, v in data.items()})

    def event(self, kind: EventKind, **data: Any) -> Event:
        """An event that is stored, too. Values may be records; they become JSON."""
        event = self.transient(kind, **data)
        if self._history is not None:
            self._history.record(event)
        return event

    def warning(self) -> Iterator[Event]:
        """One warning event, once, if the history could not be written."""
        problem = self._history.problem if self._history is not None else None
        if problem is not None and not self._warned:
            self._warned = True
            yield self.transient("warning", message=problem.message, remedy=problem.remedy)

    def error(self, error: JuliaAotError) -> Event:
        """The event for a failure of ours."""
        return self.event("error", type=type(error).__name__, message=error.message, remedy=error.remedy)
