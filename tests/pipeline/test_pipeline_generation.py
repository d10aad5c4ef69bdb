"""Generation with real trials: order of events, rewrites, repair, stopping, faults of the server."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_julia_aot.errors import JuliaAotError, NoServerError, OracleError, ServerError, SettingError
from jupyter_julia_aot.history import History
from jupyter_julia_aot.pipeline import Options, accepted_code, generate
from jupyter_julia_aot.pipeline.pools import close_pools
from jupyter_julia_aot.records import Event, Oracle, Prompt, Toolchain
from tests.model.scripted import Exchange, Scripted, delta
from tests.patience import A_SECOND
from tests.pipeline.server import answering, fenced

pytestmark = pytest.mark.julia

ORACLE = Oracle(source="@test cube(3) == 27\n@test cube(-2) == -8")
PROMPT = Prompt(name="cube", request="Return the cube of x.", oracle=ORACLE)

RIGHT = fenced("cube(x) = x^3")
WRONG = fenced("cube(x) = x^2")
PYTHON = fenced("function cube(x)\n    return x ** 3\nend")


@pytest.fixture(autouse=True)
def others() -> set[int]:
    """Processes that earlier tests of this session still keep, warm or idle; not of this test's making."""
    close_pools()
    BEFORE.clear()
    BEFORE.update(descendants())
    return BEFORE


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "history.sqlite3") as opened:
        yield opened


def options(server: Scripted, samples: int, **more: Any) -> Options:
    values: dict[str, Any] = {"repair": 0, "workers": 1, **more}
    return Options.of(base_url=server.url, model="m", samples=samples, **values)


def kinds(events: list[Event]) -> list[str]:
    return [e.kind for e in events]


def verdicts(events: list[Event]) -> list[str]:
    return [e.data["trial"]["verdict"] for e in events if e.kind == "trial"]


BEFORE: set[int] = set()


def descendants() -> set[int]:
    """Process ids of this process's descendants."""
    numbers = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    return {pid for pid in numbers if _descends(pid)}


def workers() -> set[int]:
    """The descendants that this test started."""
    return descendants() - BEFORE


def _descends(pid: int) -> bool:
    while pid > 1:
        try:
            status = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return False
        if status.rpartition(")")[2].split()[0] == "Z":
            return False
        pid = int(status.rpartition(")")[2].split()[1])
        if pid == os.getpid():
            return True
    return False


def test_a_run_from_prompt_to_selection(toolchain: Toolchain, history: History) -> None:
    with answering(WRONG, RIGHT) as server:
        events = list(generate(PROMPT, options(server, 2), history=history))
    seen = kinds(events)
    assert seen.index("run_started") < seen.index("token") < seen.index("answer") < seen.index("candidate")
    assert seen.index("candidate") < seen.index("trial") < seen.index("selection")
    assert seen[-1] == "run_finished"
    assert sorted(verdicts(events)) == ["failed", "passed"]
    selected = next(e for e in events if e.kind == "selection").data["selection"]["candidate_id"]
    assert "x^3" in history.candidate(selected).candidate.code
    summary = history.runs()[0]
    assert (summary.status, summary.passed, summary.candidates) == ("done", 1, 2)
    assert summary.usage.completion_tokens >= 5
    close_pools()
    assert not workers()


def test_answers_are_tried_while_others_are_still_being_written(
    toolchain: Toolchain, history: History
) -> None:
    go_on = threading.Event()

    def slow(exchange: Exchange) -> None:
        exchange.head()
        exchange.events([delta("```julia\ncube(x) = ")], done=False)
        go_on.wait(30)
        exchange.events([delta("x^3\n```"), delta(None, 0, "stop")])

    with answering(RIGHT, last=slow) as server:
        events = []
        for event in generate(PROMPT, options(server, 2), history=history):
            events.append(event)
            if event.kind == "trial":
                go_on.set()
    assert verdicts(events) == ["passed", "passed"]


def test_python_idioms_are_rewritten_and_tried_as_candidates_of_their_own(
    toolchain: Toolchain, history: History
) -> None:
    with answering(PYTHON) as server:
        events = list(generate(PROMPT, options(server, 1), history=history))
    first, second = (e.data["candidate"] for e in events if e.kind == "candidate")
    assert second["origin"] == "idiom"
    assert second["parent"] == first["id"]
    assert second["notes"]
    assert verdicts(events) == ["syntax", "passed"]


def test_without_idioms_nothing_is_rewritten(toolchain: Toolchain) -> None:
    with answering(PYTHON) as server:
        events = list(generate(PROMPT, options(server, 1, idioms=False)))
    assert verdicts(events) == ["syntax"]
    assert next(e for e in events if e.kind == "selection").data["selection"]["candidate_id"] is None


def test_the_error_goes_back_to_the_model(toolchain: Toolchain) -> None:
    with answering(WRONG, RIGHT) as server:
        events = list(generate(PROMPT, options(server, 1, repair=2)))
        asked = [e.body for e in server.seen if "messages" in e.body]
    first, second = (e.data["candidate"] for e in events if e.kind == "candidate")
    assert (second["origin"], second["parent"]) == ("repair", first["id"])
    assert verdicts(events) == ["failed", "passed"]
    assert len(asked) == 2
    assert "x^2" in str(asked[1]["messages"])
    answers = [e.data["index"] for e in events if e.kind == "answer"]
    assert answers == [0, 1]


def test_several_answers_are_repaired_at_the_same_time(toolchain: Toolchain) -> None:
    together = threading.Barrier(2, timeout=60)

    def last(exchange: Exchange) -> None:
        place = together.wait()
        if place == 0:
            exchange.reply({"error": {"message": "overloaded"}}, "503 Service Unavailable")
            return
        exchange.head()
        exchange.events([delta(RIGHT), delta(None, 0, "stop")])

    with answering(WRONG, fenced("cube(x) = x + 1"), last=last) as server:
        events = list(generate(PROMPT, options(server, 2, repair=1)))
    assert not together.broken
    assert verdicts(events) == ["failed", "failed", "passed"]
    assert "warning" in kinds(events)  # that one of the two requests failed
    assert kinds(events)[-1] == "run_finished"


def test_repair_ends_after_its_rounds(toolchain: Toolchain) -> None:
    with answering(*[fenced(f"cube(x) = {i}") for i in range(9)]) as server:
        events = list(generate(PROMPT, options(server, 1, repair=2)))
    assert verdicts(events) == ["failed"] * 3


def test_equal_answers_are_tried_once_and_all_get_the_verdict(toolchain: Toolchain) -> None:
    with answering(RIGHT, RIGHT, RIGHT) as server:
        events = list(generate(PROMPT, options(server, 3)))
    assert verdicts(events) == ["passed"] * 3
    trials = [e.data["trial"] for e in events if e.kind == "trial"]
    assert len({t["candidate_id"] for t in trials}) == 3
    assert len({t["seconds"] for t in trials}) == 1


def test_first_stops_asking_when_one_has_passed(toolchain: Toolchain) -> None:
    hung_up = threading.Event()

    def endless(exchange: Exchange) -> None:
        exchange.head()
        exchange.events([delta("thinking ")], done=False)
        if exchange.wait_until_closed(30):
            hung_up.set()

    with answering(RIGHT, last=endless) as server:
        events = list(generate(PROMPT, options(server, 2, first=True)))
        assert hung_up.wait(10)
    assert verdicts(events) == ["passed"]
    assert events[-1].data["status"] == "done"


def test_an_answer_without_julia_is_a_warning(toolchain: Toolchain) -> None:
    with answering("I am sorry, I cannot do that.", RIGHT) as server:
        events = list(generate(PROMPT, options(server, 2)))
    assert any("holds no Julia" in e.data["message"] for e in events if e.kind == "warning")
    assert verdicts(events) == ["passed"]


def test_without_tests_a_candidate_is_only_defined_never_proven(
    toolchain: Toolchain, history: History
) -> None:
    with answering(WRONG) as server:
        events = list(
            generate(Prompt(name="cube", request="cube"), options(server, 1, repair=2), history=history)
        )
    selected = next(e for e in events if e.kind == "selection").data["selection"]["candidate_id"]
    with pytest.raises(SettingError, match="was not proven"):
        accepted_code(selected, history=history)
    candidate, _ = accepted_code(selected, history=history, trust=True)
    assert candidate.name == "cube"


def test_a_candidate_that_failed_is_not_accepted(toolchain: Toolchain, history: History) -> None:
    with answering(WRONG) as server:
        events = list(generate(PROMPT, options(server, 1), history=history))
    wrong = next(e for e in events if e.kind == "candidate").data["candidate"]["id"]
    with pytest.raises(SettingError, match=r"did not pass its tests \(failed\)"):
        accepted_code(wrong, history=history)


def test_a_server_that_dies_midway_leaves_what_it_said(toolchain: Toolchain, history: History) -> None:
    def die(exchange: Exchange) -> None:
        exchange.head()
        exchange.events([delta("```julia\ncube(x) = ")], done=False)

    with answering(RIGHT, last=die) as server:
        events = list(generate(PROMPT, options(server, 2), history=history))
    assert any(e.kind == "warning" for e in events)
    assert "passed" in verdicts(events)
    assert history.runs()[0].status == "done"


def test_a_server_that_answers_nonsense_fails_with_one_message(
    toolchain: Toolchain, history: History
) -> None:
    def html(exchange: Exchange) -> None:
        exchange.reply(b"<html>log in first</html>", content="text/html")

    events: list[Event] = []
    with answering(last=html) as server:
        run = generate(PROMPT, options(server, 1), history=history)
        with pytest.raises(ServerError):
            events.extend(run)
    assert kinds(events)[-2:] == ["error", "run_finished"]
    assert history.runs()[0].status == "failed"
    close_pools()  # a server's fault leaves Julia warm for the next attempt
    assert not workers()


def test_no_server_at_the_given_address(toolchain: Toolchain, history: History) -> None:
    with answering() as server:
        gone = options(server, 1)
    with pytest.raises(NoServerError):
        list(generate(PROMPT, gone, history=history))
    close_pools()
    assert not workers()


@pytest.mark.parametrize(
    "source", ["@test cube(3) ==", "cube(3)", "# @test cube(3) == 27", "@test 1 == 1", "@test cubes(3) == 27"]
)
def test_an_oracle_that_tests_nothing_is_refused_before_the_model_is_asked(
    toolchain: Toolchain, source: str
) -> None:
    prompt = Prompt(name="cube", request="cube", oracle=Oracle(source=source))
    with answering(RIGHT) as server:
        with pytest.raises(OracleError):
            list(generate(prompt, options(server, 1)))
        assert not [e for e in server.seen if "messages" in e.body]


def test_cancelling_stops_within_a_second_and_keeps_what_was_computed(
    toolchain: Toolchain, history: History
) -> None:
    def endless(exchange: Exchange) -> None:
        exchange.head()
        while True:
            exchange.events([delta("and so on ")], done=False)

    cancel = threading.Event()
    events = []
    asked = 0.0
    with answering(RIGHT, last=endless) as server:
        for event in generate(PROMPT, options(server, 2), history=history, cancel=cancel):
            events.append(event)
            if event.kind == "trial" and not cancel.is_set():
                asked = time.monotonic()
                cancel.set()
    assert time.monotonic() - asked < A_SECOND
    assert events[-1].data["status"] == "cancelled"
    assert [e.data["selection"]["candidate_id"] for e in events if e.kind == "selection"] != [None]
    detail = history.run(events[-1].run_id)
    assert detail.summary.status == "cancelled"
    assert detail.candidates[0].trials[0].verdict == "passed"
    assert not workers()


def test_cancelling_a_candidate_that_loops(toolchain: Toolchain, history: History) -> None:
    cancel = threading.Event()
    prompt = Prompt(name="cube", request="cube", oracle=ORACLE)
    asked = 0.0
    with answering(fenced("function cube(x)\n    while true end\nend")) as server:
        for event in generate(prompt, options(server, 1, trial_seconds=60.0), history=history, cancel=cancel):
            if event.kind == "candidate":
                asked = time.monotonic()
                cancel.set()
    assert time.monotonic() - asked < A_SECOND
    assert history.runs()[0].status == "cancelled"
    assert not workers()


def test_closing_the_stream_of_events_cancels(toolchain: Toolchain, history: History) -> None:
    with answering(RIGHT, RIGHT) as server:
        events = generate(PROMPT, options(server, 2), history=history)
        assert next(e for e in events if e.kind == "trial")
        began = time.monotonic()
        events.close()  # type: ignore[attr-defined]
        assert time.monotonic() - began < A_SECOND
    assert history.runs()[0].status == "cancelled"
    assert not workers()


@pytest.mark.parametrize("name", ["end", "class", "two words", "", "f!"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(SettingError):
        generate(Prompt(name=name, request="x"))


def test_options_say_what_is_wrong_with_a_value() -> None:
    with pytest.raises(SettingError, match="samples = 0"):
        Options.of(samples=0)
    with pytest.raises(SettingError, match="unknown option 'sample'"):
        Options.of(sample=1)


def test_a_history_that_cannot_be_written_is_one_warning(toolchain: Toolchain, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    history = History(blocked / "history.sqlite3")
    with answering(RIGHT, RIGHT) as server:
        events = list(generate(PROMPT, options(server, 2), history=history))
    warnings = [e for e in events if e.kind == "warning"]
    assert len(warnings) == 1
    assert "history" in warnings[0].data["message"]
    assert verdicts(events) == ["passed", "passed"]
    with pytest.raises(JuliaAotError):
        history.close()
