"""A generation that streams into a widget without a model: for the story about flicker."""

from __future__ import annotations

import threading
import time
from typing import Any

from jupyter_julia_aot.records import Event, Sampling, to_json
from jupyter_julia_aot.widgets.generation import GenerationWidget
from jupyter_julia_aot.widgets.state import GenerationState

LINE = ["", "", "", "", "total", "+=", "x[i]", "*", "weight(i,", "n)", "#", "one", "more", "term\n"]


def stream(seconds: float = 20.0, tokens_per_second: int = 200, answers: int = 8) -> GenerationWidget:
    """A widget whose ``answers`` answers grow by so many tokens a second each, then stand still."""
    widget = GenerationWidget(GenerationState("streamed", "Many tokens."), lambda do, candidate: "")

    def say(kind: Any, **data: Any) -> None:
        widget.add(Event(run_id="0" * 20, kind=kind, data=to_json(data)))

    def write() -> None:
        began = time.monotonic()
        for step in range(int(seconds * tokens_per_second)):
            for index in range(answers):
                say("token", index=index, text=LINE[step % len(LINE)] + " ")
            time.sleep(max(0.0, began + step / tokens_per_second - time.monotonic()))
        say("run_finished", status="done", seconds=time.monotonic() - began)

    say("run_started", sampling=Sampling(n=answers))
    threading.Thread(target=write, daemon=True).start()
    return widget
