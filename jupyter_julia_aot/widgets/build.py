"""The live view of a build: stages with their times, diagnostics, the artifact, and running it."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import traitlets

from jupyter_julia_aot.errors import JuliaAotError
from jupyter_julia_aot.records import Event
from jupyter_julia_aot.widgets.build_state import BuildState
from jupyter_julia_aot.widgets.live import SAVED_VIEW, Throttle, script
from jupyter_julia_aot.widgets.static_html import STATIC, build_html
from jupyter_julia_aot.widgets.static_text import build_text

Run = Callable[[str, list[str], str, threading.Event], dict[str, Any]]


class BuildWidget(anywidget.AnyWidget):
    """Shows a :class:`BuildState`. Messages from the browser: ``{"do": "stop"}``,
    ``{"do": "run", "arguments": […], "stdin": …}``, ``stop_run``, ``download``, ``reveal``, ``rebuild``.

    ``run(path, arguments, stdin, cancel)`` answers with ``{exit_code, stdout, stderr, seconds}`` or
    ``{error}``; it is called in a thread, so that the kernel stays usable.
    ``more`` has what the other buttons do, by their names: ``download(artifact)`` gives a file's name
    and bytes, ``reveal(artifact)`` a sentence, ``rebuild()`` nothing. A button without one is not shown.
    """

    _esm = script("build.js")
    _css = STATIC / "views.css"
    head: Any = traitlets.Dict().tag(sync=True)
    stages: Any = traitlets.List().tag(sync=True)
    diagnostics: Any = traitlets.List().tag(sync=True)
    result: Any = traitlets.Dict().tag(sync=True)
    diff: Any = traitlets.List().tag(sync=True)
    buttons: Any = traitlets.List().tag(sync=True)
    stoppable = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        state: BuildState,
        run: Run,
        stop: Callable[[], None],
        *,
        stoppable: bool = False,
        more: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        super().__init__(head=dict(state.head), stoppable=stoppable, buttons=sorted(more or ()))
        self._more = dict(more or {})
        self.state = state
        self._run = run
        self._stop = stop
        self._cancel_run = threading.Event()
        self._runner: threading.Thread | None = None
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
            self.diff = list(self.state.diff)

    def _message(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, dict):
            return
        if content.get("do") == "stop":
            self._stop()
        elif content.get("do") == "run" and self.state.result:
            self._start([str(a) for a in content.get("arguments") or ()], str(content.get("stdin") or ""))
        elif content.get("do") == "stop_run":
            self._cancel_run.set()
        elif content.get("do") in self._more and (self.state.result or content["do"] == "rebuild"):
            self._other(str(content["do"]))

    def _start(self, arguments: list[str], stdin: str) -> None:
        """Run the program in a thread, one at a time; the answer is sent when it has ended."""
        if self._runner is not None and self._runner.is_alive():
            return
        cancel = self._cancel_run = threading.Event()
        path = self.state.result["artifact"]["path"]

        def run() -> None:
            self.send({"ran": self._run(path, arguments, stdin, cancel)})

        self._runner = threading.Thread(
            target=contextvars.copy_context().run, args=(run,), name="julia-aot-run", daemon=True
        )
        self._runner.start()

    def _other(self, name: str) -> None:
        """One of the buttons in ``more``; what goes wrong is told in the view."""
        try:
            if name == "rebuild":
                self._more[name]()
            elif name == "reveal":
                self.send({"said": self._more[name](self.state.result["artifact"])})
            elif name == "download":
                file, data = self._more[name](self.state.result["artifact"])
                self.send({"file": file}, buffers=[data])
        except (JuliaAotError, OSError) as error:
            self.send({"said": str(error)})

    def static_form(self) -> dict[str, str]:
        """The view as it is now, without the widget."""
        return static_bundle(self.state)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        return {**data, **SAVED_VIEW, **static_bundle(self.state)}, metadata


def static_bundle(state: BuildState) -> dict[str, str]:
    """The forms that need no JavaScript."""
    return {"text/plain": build_text(state), "text/html": build_html(state)}
