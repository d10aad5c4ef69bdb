"""Generating, accepting and trying on a real shell, with a real Julia."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_julia_aot.errors import (
    Cancelled,
    HistoryError,
    JuliaError,
    NoCandidateError,
    OracleError,
    SettingError,
)
from jupyter_julia_aot.history import History
from jupyter_julia_aot.records import Toolchain
from tests.pipeline.server import answering, fenced

pytestmark = pytest.mark.julia

RIGHT = fenced("cube(x) = x .^ 3")
WRONG = fenced("cube(x) = x^2")
TESTS = "%%julia_tests cube\n@test cube(3) == 27"


@pytest.fixture(autouse=True)
def ready(toolchain: Toolchain, shell: InteractiveShell) -> None:
    shell.user_ns.pop("cube", None)


def generate(shell: InteractiveShell, url: str, options: str = "-n 1") -> Any:
    return shell.run_cell(f"%%julia_gen cube --repair 0 {options} --base-url {url}\nthe cube of x")


def test_a_proven_candidate_becomes_a_function(
    shell: InteractiveShell, notebook: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell(TESTS)
    with answering(WRONG, RIGHT) as server:
        assert generate(shell, server.url, "-n 2").success
    assert "1 of 2 candidates passed" in capsys.readouterr().out
    cube = shell.user_ns["cube"]
    assert cube(3) == 27
    assert cube(np.arange(3.0)).tolist() == [0.0, 1.0, 8.0]
    assert notebook.accepted_code("cube") == "cube(x) = x .^ 3"
    assert notebook.history.runs()[0].accepted == notebook.accepted["cube"].id


def test_an_error_of_the_function_shows_the_users_frames_only(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell(TESTS)
    with answering(RIGHT) as server:
        assert generate(shell, server.url).success
    capsys.readouterr()
    result = shell.run_cell("def twice(x):\n    return 2 * cube(x)\n\ntwice(None)")
    assert isinstance(result.error_in_exec, JuliaError)
    shown = capsys.readouterr().out
    assert "return 2 * cube(x)" in shown
    assert "MethodError" in shown
    assert "jupyter_julia_aot" not in shown


def test_a_history_that_cannot_be_written_costs_no_function(
    shell: InteractiveShell, notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("")
    history = History(blocker / "history.sqlite3")
    monkeypatch.setattr(notebook, "_history", history)
    shell.run_cell(TESTS)
    with answering(RIGHT) as server:
        assert generate(shell, server.url).success
    assert shell.user_ns["cube"](2) == 8
    with pytest.raises(HistoryError, match="kept in") as caught:
        history.close()
    Path(caught.value.message.split("kept in ")[1]).unlink()


def test_python_asserts_are_an_oracle_too(shell: InteractiveShell) -> None:
    shell.run_cell("%%julia_tests cube\nassert cube(3) == 27\nassert cube(0) == 0")
    with answering(WRONG, RIGHT) as server:
        assert generate(shell, server.url, "-n 2").success
    assert shell.user_ns["cube"](2) == 8


def test_nothing_proven_is_a_failed_cell_and_nothing_is_bound(shell: InteractiveShell) -> None:
    shell.run_cell(TESTS)
    with answering(WRONG) as server:
        result = generate(shell, server.url)
    assert isinstance(result.error_in_exec, NoCandidateError)
    assert "none of 1 candidates passed" in str(result.error_in_exec)
    assert "cube" not in shell.user_ns


def test_without_tests_nothing_is_bound_unless_trusted(shell: InteractiveShell, notebook: Any) -> None:
    with answering(RIGHT) as server:
        assert generate(shell, server.url).success
    assert "cube" not in shell.user_ns
    chosen = notebook.history.runs()[0].selected
    refused = shell.run_cell(f"%julia accept {chosen}")
    assert isinstance(refused.error_in_exec, SettingError)
    assert "--trust" in str(refused.error_in_exec)
    assert shell.run_cell(f"%julia accept {chosen} --trust").success
    assert shell.user_ns["cube"](3) == 27


def test_trust_binds_what_was_not_proven(shell: InteractiveShell) -> None:
    with answering(RIGHT) as server:
        assert generate(shell, server.url, "-n 1 --trust").success
    assert shell.user_ns["cube"](2) == 8


def test_an_oracle_that_does_not_parse_is_refused(shell: InteractiveShell) -> None:
    shell.run_cell("%%julia_tests cube\n@test cube(3 ==")
    with answering(RIGHT) as server:
        result = generate(shell, server.url)
        assert not [e for e in server.seen if "messages" in e.body]
    assert isinstance(result.error_in_exec, OracleError)
    assert "%%julia_tests cube" in str(result.error_in_exec)


def test_trial_cells_keep_their_state(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell.run_cell('%%julia_trial\nnumbers = [1, 2, 3]\nprintln("counted")').success
    assert shell.run_cell("%%julia_trial\nsum(numbers)").success
    shown = capsys.readouterr().out
    assert "counted" in shown
    assert shown.rstrip().endswith("6")


def test_a_trial_cells_error_names_type_and_line(shell: InteractiveShell) -> None:
    result = shell.run_cell("%%julia_trial\nx = 1\nsqrt(-x)")
    assert isinstance(result.error_in_exec, JuliaError)
    assert (result.error_in_exec.julia_type, result.error_in_exec.line) == ("DomainError", 2)


def test_a_trial_cell_is_bounded_and_the_state_survives(shell: InteractiveShell) -> None:
    shell.run_cell("%%julia_trial\nkept = 42")
    result = shell.run_cell("%%julia_trial --timeout 1\nwhile true end")
    assert isinstance(result.error_in_exec, (Cancelled, JuliaError))
    assert shell.run_cell("%%julia_trial\n@assert kept == 42").success
