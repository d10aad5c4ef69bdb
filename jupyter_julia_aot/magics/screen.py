"""Where a magic shows events: a live widget in Jupyter, lines of text in a terminal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jupyter_julia_aot.records import Event
from jupyter_julia_aot.widgets.build_state import BuildState
from jupyter_julia_aot.widgets.state import GenerationState
from jupyter_julia_aot.widgets.static_text import build_text, generation_text, row_summary

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

State = GenerationState | BuildState


def in_jupyter(shell: InteractiveShell) -> bool:
    """Whether ``shell`` belongs to a kernel, so that widgets and updates can be shown."""
    return hasattr(shell, "kernel")


def somebody_looks(shell: InteractiveShell) -> bool:
    """Whether the cell was run by a program that could ask its user something: JupyterLab, VS Code …
    and not nbconvert or papermill, which save a page that no kernel will stand behind."""
    return bool(getattr(getattr(shell, "kernel", None), "_allow_stdin", True))


class Screen:
    """Shows one state. ``make_widget`` is called only where widgets can be shown."""

    def __init__(self, shell: InteractiveShell, state: State, make_widget: Callable[[], Any]) -> None:
        self.state = state
        self._shell = shell
        self._widget: Any = None
        self._handle: Any = None
        if in_jupyter(shell):
            from IPython.display import display

            self._widget = make_widget()
            self._handle = display(self._widget, display_id=True)

    def add(self, event: Event) -> None:
        """Show one event."""
        if self._widget is not None:
            self._widget.add(event)
            return
        self.state.add(event)
        line = _line(self.state, event)
        if line:
            print(line, flush=True)  # noqa: T201 - a terminal's way of showing progress

    def finish(self) -> None:
        """Leave the final state in the notebook file, readable without any widget."""
        if self._handle is not None:
            self._widget.refresh()
            if somebody_looks(self._shell):
                self._handle.update(self._widget)
            else:
                self._handle.update(self._widget.static_form(), raw=True)
        elif isinstance(self.state, GenerationState):
            print(generation_text(self.state), flush=True)  # noqa: T201
        else:
            print(build_text(self.state), flush=True)  # noqa: T201


def _line(state: State, event: Event) -> str:
    if isinstance(state, BuildState):
        if event.kind == "stage" and event.data["state"] == "started":
            return f"… {event.data['name']}"
        return ""
    if event.kind == "trial":
        row = state.row(event.data["trial"]["candidate_id"])
        return f"#{row['number']} {row_summary(row)}" if row else ""
    if event.kind == "stage" and event.data["state"] == "started":
        return f"… {event.data['name']}"
    return ""
