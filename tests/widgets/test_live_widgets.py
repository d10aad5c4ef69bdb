"""The widgets as the browser sees them: traits, messages, and the forms that are saved."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_julia_aot.widgets.build import BuildWidget
from jupyter_julia_aot.widgets.build_state import BuildState
from jupyter_julia_aot.widgets.generation import GenerationWidget
from jupyter_julia_aot.widgets.live import SAVED_VIEW, UPDATES_PER_SECOND, Throttle, script
from jupyter_julia_aot.widgets.state import GenerationState
from jupyter_julia_aot.widgets.static_html import STATIC
from tests.widgets.examples import HOSTILE, build_events, event, generation_events

ROOT = Path(__file__).parents[2]
WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


def no_action(do: str, candidate_id: str) -> str:
    return ""


def generation_widget(act: Callable[[str, str], str] = no_action, text: str = "plain") -> GenerationWidget:
    widget = GenerationWidget(GenerationState("cube", text), act)
    for one in generation_events(text):
        widget.add(one)
    return widget


def test_a_generation_widget_carries_its_static_forms() -> None:
    data, _ = generation_widget(text=HOSTILE)._repr_mimebundle_()
    assert set(data) == {WIDGET_MIME, *SAVED_VIEW, "text/plain", "text/html"}
    assert "passed" in data["text/plain"]
    assert "<script>" not in data["text/html"]


def test_a_build_widget_carries_its_static_forms() -> None:
    widget = BuildWidget(BuildState("cube", "exe"), lambda *_: {}, lambda: None)
    for one in build_events():
        widget.add(one)
    data, _ = widget._repr_mimebundle_()
    assert set(data) == {WIDGET_MIME, *SAVED_VIEW, "text/plain", "text/html"}
    assert widget.result["artifact"]["id"] == "a1"


def test_a_saved_notebook_shows_the_static_form_in_exported_html() -> None:
    from nbconvert import HTMLExporter
    from nbformat import v4

    data, metadata = generation_widget(text=HOSTILE)._repr_mimebundle_()
    output = v4.new_output("display_data", data=data, metadata=metadata)
    notebook = v4.new_notebook(cells=[v4.new_code_cell("%%julia_gen cube", outputs=[output])])
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert "Use it: <code>%julia accept c2</code>" in page
    assert data[WIDGET_MIME]["model_id"] not in page, "a widget without its kernel shows nothing"


SHOWN = """\
from jupyter_julia_aot.magics.screen import Screen
from jupyter_julia_aot.widgets.generation import GenerationWidget
from jupyter_julia_aot.widgets.state import GenerationState
from tests.widgets.examples import generation_events

state = GenerationState("cube", "plain")
screen = Screen(get_ipython(), state, lambda: GenerationWidget(state, lambda do, candidate_id: ""))
for event in generation_events("plain"):
    screen.add(event)
screen.finish()
"""


def test_a_notebook_run_by_a_program_keeps_the_static_form() -> None:
    """``jupyter nbconvert --execute`` saves the widgets' state: the page would fetch a widget manager
    from elsewhere to show them, and nothing where it cannot."""
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter
    from nbformat import v4

    notebook = v4.new_notebook(cells=[v4.new_code_cell(SHOWN)])
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(ROOT)}}).execute()
    (output,) = notebook.cells[0].outputs
    assert sorted(output.data) == ["text/html", "text/plain"]
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert "Use it: <code>%julia accept c2</code>" in page


def test_the_final_state_is_synced_at_once() -> None:
    widget = generation_widget()
    assert widget.head["status"] == "done"
    assert [r["verdict"] for r in widget.rows] == ["syntax", "passed"]
    assert widget.streams == {}


def test_what_is_synced_is_json() -> None:
    widget = generation_widget(text=HOSTILE)
    json.dumps([widget.head, widget.rows, widget.streams])


def test_the_accept_button_asks_python_and_tells_the_user() -> None:
    asked: list[tuple[str, str]] = []
    said: list[Any] = []

    def act(do: str, candidate_id: str) -> str:
        asked.append((do, candidate_id))
        return "cube is now candidate c2"

    widget = generation_widget(act)
    widget.send = lambda content, buffers=None: said.append(content)
    widget._handle_custom_msg({"do": "accept", "id": "c2"}, [])
    assert asked == [("accept", "c2")]
    assert {"said": "cube is now candidate c2", "id": "c2"} in said


@pytest.mark.parametrize("message", [{}, {"do": "rm -rf"}, "accept", None, {"do": ["accept"]}])
def test_unknown_messages_from_the_browser_do_nothing(message: Any) -> None:
    asked: list[str] = []
    widget = generation_widget(lambda do, _id: asked.append(do) or "")
    widget._handle_custom_msg(message, [])
    assert asked == []


def test_the_run_button_runs_the_built_file_only(wait_until: Callable[..., None]) -> None:
    ran: list[tuple[str, list[str], str]] = []
    answers: list[Any] = []

    def run(path: str, arguments: list[str], stdin: str, cancel: threading.Event) -> dict[str, Any]:
        ran.append((path, arguments, stdin))
        if arguments == ["forever"]:
            return {"error": "stopped" if cancel.wait(60) else "late"}
        return {"exit_code": 0, "stdout": "27"}

    widget = BuildWidget(BuildState("cube", "exe"), run, lambda: None)
    widget.send = lambda content, buffers=None: answers.append(content)
    widget._handle_custom_msg({"do": "run", "arguments": ["3"]}, [])
    assert ran == []
    for one in build_events():
        widget.add(one)
    widget._handle_custom_msg({"do": "run", "path": "/bin/sh", "arguments": ["3"], "stdin": "x"}, [])
    wait_until(lambda: answers and answers[-1] == {"ran": {"exit_code": 0, "stdout": "27"}})
    assert ran == [("/tmp/plain", ["3"], "x")]
    wait_until(lambda: not widget._runner.is_alive())
    for _ in range(2):  # one at a time
        widget._handle_custom_msg({"do": "run", "arguments": ["forever"]}, [])
    widget._handle_custom_msg({"do": "stop_run"}, [])
    wait_until(lambda: answers[-1] == {"ran": {"error": "stopped"}})
    assert [arguments for _, arguments, _ in ran] == [["3"], ["forever"]]


def test_a_flood_of_tokens_becomes_few_updates() -> None:
    widget = GenerationWidget(GenerationState("cube", "…"), no_action)
    sent: list[Any] = []
    widget.send = lambda content, buffers=None: sent.append(content)
    began = time.monotonic()
    for i in range(5000):
        widget.add(event("token", index=i % 8, text="x"))
    widget.refresh()
    seconds = time.monotonic() - began
    assert len(sent) <= UPDATES_PER_SECOND * seconds + 2
    assert sum(len(text) for message in sent for _, text in message["tokens"]) == 5000


def test_tokens_that_come_while_others_are_sent_are_shown_once() -> None:
    widget = GenerationWidget(GenerationState("cube", "…"), no_action)
    sent: list[Any] = []
    widget.send = lambda content, buffers=None: sent.append(content)
    done = threading.Event()

    def refresh() -> None:
        while not done.is_set():
            widget.refresh()

    sender = threading.Thread(target=refresh)
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        sender.start()
        for _ in range(5000):
            widget.add(event("token", index=0, text="x"))
    finally:
        done.set()
        sender.join()
        sys.setswitchinterval(switch)
    widget.refresh()
    assert "".join(text for message in sent for _, text in message["tokens"]) == "x" * 5000


def test_the_last_change_is_shown_without_another_event(wait_until: Callable[..., None]) -> None:
    flushed: list[int] = []
    throttle = Throttle(lambda: flushed.append(threading.get_ident()))
    for _ in range(3):
        throttle.touch()
    wait_until(lambda: len(flushed) == 2, 5.0)


@pytest.mark.parametrize("name", ["generation.js", "build.js"])
def test_the_scripts_make_no_markup_from_text_and_fetch_nothing(name: str) -> None:
    source = script(name)
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "http",
        "import",
    ):
        assert forbidden not in source.replace("module|using|import", ""), forbidden
    assert source.count("export default") == 1


def test_every_class_of_the_scripts_has_a_style() -> None:
    import re

    style = (STATIC / "views.css").read_text(encoding="utf-8")
    used = set()
    for path in Path(STATIC).glob("*.js"):
        used |= set(re.findall(r'class: "([^"$]+)"', path.read_text(encoding="utf-8")))
    names = {name for group in used for name in group.split()}
    assert not {n for n in names if f".{n}" not in style}
