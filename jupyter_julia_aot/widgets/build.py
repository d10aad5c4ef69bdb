"""The live view of a build: stages with their times, diagnostics, the artifact, and running it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from jupyter_julia_aot.records import Event
from jupyter_julia_aot.widgets.build_state import BuildState
from jupyter_julia_aot.widgets.live import SAVED_VIEW, Throttle, script
from jupyter_julia_aot.widgets.static_html import STATIC, build_html
from jupyter_julia_aot.widgets.static_text import build_text

Run = Callable[[str, list[str], str], dict[str, Any]]


class BuildWidget(anywidget.AnyWidget):
    """Shows a :class:`BuildState`. Messages from the browser: ``{"do": "stop"}`` and
    ``{"do": "run", "arguments": […], "stdin": …}``; ``run(path, arguments, stdin)`` answers with
    ``{exit_code, stdout, stderr, seconds}`` or ``{error}``."""

    _esm = script("build.js")
    _css = STATIC / "views.css"
    head: Any = traitlets.Dict().tag(sync=True)
    stages: Any = traitlets.List().tag(sync=True)
    diagnostics: Any = traitlets.List().tag(sync=True)
    result: Any = traitlets.Dict().tag(sync=True)
    stoppable = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self, state: BuildState, run: Run, stop: Callable[[], None], *, stoppable: bool = False
    ) -> None:
        super().__init__(head=dict(state.head), stoppable=stoppable)
        self.state = state
        self._run = run
        self._stop = stop
        self._throttle = Throttle(self._sync)
        self.on_msg(self._message)

    def add(self, event: Event) -> None:
        """Take in one event and show it soon."""
        self.state.add(event)
        if event.kind in ("run_finished", "stage"):
            self._throttle.now()
        else:
            self._throttle.touch()

    def refresh(self) -> None:
        """Show the state as it is now."""
        self._throttle.now()

    def _sync(self) -> None:
        with self.hold_sync():
            self.head = dict(self.state.head)
            self.stages = [dict(s) for s in self.state.stages]
            self.diagnostics = list(self.state.diagnostics)
            self.result = dict(self.state.result)

    def _message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, dict):
            return
        if content.get("do") == "stop":
            self._stop()
        elif content.get("do") == "run" and self.state.result:
            arguments = [str(a) for a in content.get("arguments") or ()]
            path = self.state.result["artifact"]["path"]
            self.send({"ran": self._run(path, arguments, str(content.get("stdin") or ""))})

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        return {**data, **SAVED_VIEW, **static_bundle(self.state)}, metadata


def static_bundle(state: BuildState) -> dict[str, str]:
    """The forms that need no JavaScript."""
    return {"text/plain": build_text(state), "text/html": build_html(state)}
