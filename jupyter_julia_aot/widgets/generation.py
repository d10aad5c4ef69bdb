"""The live view of a generation: tokens as they come, candidates as they are judged."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from jupyter_julia_aot.records import Event
from jupyter_julia_aot.widgets.live import SAVED_VIEW, Throttle, script
from jupyter_julia_aot.widgets.state import GenerationState
from jupyter_julia_aot.widgets.static_html import STATIC, generation_html
from jupyter_julia_aot.widgets.static_text import generation_text

Act = Callable[[str, str], str]


class GenerationWidget(anywidget.AnyWidget):
    """Shows a :class:`GenerationState`. Messages from the browser are ``{"do": "accept", "id": …}``
    and ``{"do": "stop"}``; ``act(do, id)`` carries them out and returns what to tell the user."""

    _esm = script("generation.js")
    _css = STATIC / "views.css"
    head: Any = traitlets.Dict().tag(sync=True)
    rows: Any = traitlets.List().tag(sync=True)
    streams: Any = traitlets.Dict().tag(sync=True)
    stoppable = traitlets.Bool(False).tag(sync=True)

    def __init__(self, state: GenerationState, act: Act, *, stoppable: bool = False) -> None:
        super().__init__(head=dict(state.head), stoppable=stoppable)
        self.state = state
        self._act = act
        self._pieces: dict[int, str] = {}
        # Events come from the run's thread, the throttle's timer sends from its own.
        self._lock = threading.Lock()
        self._throttle = Throttle(self._sync)
        self.on_msg(self._message)

    def add(self, event: Event) -> None:
        """Take in one event and show it soon."""
        with self._lock:
            self.state.add(event)
            if event.kind == "token":
                index = event.data["index"]
                self._pieces[index] = self._pieces.get(index, "") + event.data["text"]
        if event.kind == "run_finished":
            self._throttle.now()
        else:
            self._throttle.touch()

    def refresh(self) -> None:
        """Show the state as it is now."""
        self._throttle.now()

    def _sync(self) -> None:
        # Only what is new travels; a trait that did not change is not sent.
        with self._lock:
            pieces, self._pieces = self._pieces, {}
            head = dict(self.state.head)
            rows = [dict(r) for r in self.state.rows]
            streams = dict(self.state.streams)
        if pieces:
            self.send({"tokens": list(pieces.items())})
        with self.hold_sync():
            self.head = head
            if rows != self.rows:
                self.rows = rows
                # A view that is opened later starts from here and follows the tokens.
                self.streams = streams
            elif not streams and self.streams:
                self.streams = {}

    def _message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict) and content.get("do") in ("accept", "stop"):
            said = self._act(str(content["do"]), str(content.get("id", "")))
            self.send({"said": said, "id": content.get("id", "")})
            self.refresh()

    def static_form(self) -> dict[str, str]:
        """The view as it is now, without the widget."""
        return static_bundle(self.state)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        return {**data, **SAVED_VIEW, **static_bundle(self.state)}, metadata


def static_bundle(state: GenerationState) -> dict[str, str]:
    """The forms that need no JavaScript."""
    return {"text/plain": generation_text(state), "text/html": generation_html(state)}
