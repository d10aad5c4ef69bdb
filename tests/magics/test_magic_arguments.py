"""Magics on a real shell: options, help, messages, completion. No Julia, no model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from jupyter_julia_aot.errors import JuliaAotError, OracleError, SettingError
from jupyter_julia_aot.settings import settings

MAGICS = ("julia_gen", "julia_tests", "juliac", "julia_trial")


@pytest.mark.parametrize("magic", MAGICS)
def test_help_is_shown_and_the_cell_succeeds(
    shell: InteractiveShell, magic: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell.run_cell(f"%%{magic} -h").success
    assert f"usage: %%{magic}" in capsys.readouterr().out


def test_help_says_where_a_default_comes_from(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    before = settings().samples
    try:
        shell.run_cell("%config JuliaAot.samples = 5")
        shell.run_cell("%%julia_gen -h")
        assert "--samples 5 (session)" in capsys.readouterr().out
    finally:
        settings().samples = before


@pytest.mark.parametrize(
    ("cell", "kind", "said"),
    [
        ("%%julia_gen f --frobnicate\nx", SettingError, "unrecognized arguments: --frobnicate"),
        ("%%julia_gen f --sample 3\nx", SettingError, "did you mean --samples?"),
        ("%%julia_gen\nx", SettingError, "the following arguments are required: NAME"),
        ("%%julia_gen f -n zero\nx", SettingError, "invalid int value: 'zero'"),
        ("%%julia_gen f -n 0\nx", SettingError, "%%julia_gen: --samples 0: should not be less than 1"),
        ("%%julia_gen f --temperature 9\nx", SettingError, "--temperature 9.0"),
        ("%%julia_gen f --sandbox jail\nx", SettingError, "invalid choice: 'jail'"),
        ("%%julia_gen f --tests nothing\nx", SettingError, "neither a %%julia_tests name nor a file"),
        ("%%julia_gen 'f\nx", SettingError, "No closing quotation"),
        ("%%julia_gen end\nx", SettingError, "'end' is a Julia keyword"),
        ("%%julia_gen lambda\nx", SettingError, "'lambda' is a Python keyword"),
        ("%%julia_gen 2f\nx", SettingError, "no identifier"),
        ("%%julia_gen f\n", SettingError, "the cell is empty"),
        ("%%juliac never_seen\n", SettingError, "no function 'never_seen' was accepted"),
        ("%%juliac f --exe --lib\nx", SettingError, "not allowed with argument"),
        ("%%julia_tests f\n", OracleError, "the cell is empty"),
        ("%%julia_tests f\nx = 1", OracleError, "there is no @test in it"),
        ("%%julia_tests f\nassert (f(2) == 8", OracleError, "line 1 is not Python"),
        ("%julia frobnicate", SettingError, "no command 'frobnicate'"),
        ("%julia accept 00nothing", JuliaAotError, "00nothing"),
        ("%julia stop 99", SettingError, "no running job 99"),
        ("%julia stop many", SettingError, "invalid int value"),
    ],
)
def test_bad_input_is_one_message_and_a_failed_cell(
    shell: InteractiveShell,
    cell: str,
    kind: type[Exception],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = shell.run_cell(cell)
    captured = capsys.readouterr()
    shown = captured.out + captured.err
    assert not result.success
    assert isinstance(result.error_in_exec, kind)
    assert said in str(result.error_in_exec)
    assert said in shown
    assert "Traceback" not in shown
    assert ".py" not in shown


def test_scripts_see_the_exception(shell: InteractiveShell) -> None:
    with pytest.raises(SettingError, match="Julia keyword"):
        shell.run_cell_magic("julia_gen", "end", "words")


@pytest.mark.parametrize(
    ("cell", "language"),
    [
        ("@test f(2) == 8", "julia"),
        ('using Test\n@testset "x" begin\n@test f(2) == 8\nend', "julia"),
        ("assert f(2) == 8", "python"),
        ("for x in range(3):\n    assert f(x) == x ** 3", "python"),
    ],
)
def test_the_language_of_tests_is_recognised(
    shell: InteractiveShell, notebook: Any, cell: str, language: str
) -> None:
    assert shell.run_cell(f"%%julia_tests f\n{cell}").success
    assert notebook.oracles["f"].language == language
    assert notebook.oracles["f"].name == "%%julia_tests f"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%%julia_gen f --te", {"--tests", "--temperature"}),
        ("%%julia_gen f --sandbox ", {"auto", "sandlock", "bubblewrap", "none"}),
        ("%%julia_gen f --tests cu", {"cube"}),
        ("%%julia_gen cu", {"cube"}),
        ("%%juliac cube --tr", {"--trim"}),
        ("%%juliac cube --trim ", {"auto", "no", "safe", "unsafe", "unsafe-warn"}),
        ("%julia acc", {"accept"}),
        ("%julia h", {"history", "help"}),
    ],
)
def test_tab_completion(shell: InteractiveShell, line: str, expected: set[str]) -> None:
    shell.run_cell("%%julia_tests cube\n@test cube(2) == 8")
    with provisionalcompleter():
        matches = {c.text for c in shell.Completer.completions(line, len(line))}
    assert matches == expected, "and nothing of Python's"


def test_the_settings_are_configurable_by_the_shell(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("%config JuliaAot")
    assert "JuliaAot.samples" in capsys.readouterr().out


def test_loading_twice_is_harmless(shell: InteractiveShell) -> None:
    before = list(shell.input_transformers_cleanup)
    shell.run_line_magic("reload_ext", "jupyter_julia_aot")
    assert shell.input_transformers_cleanup == before


def test_background_jobs_keep_their_error(notebook: Any, wait_until: Callable[..., None]) -> None:
    def work(cancel: object) -> None:
        raise SettingError("no", remedy="yes")

    job = notebook.jobs.start("work", work)
    wait_until(lambda: job.status != "running")
    assert job.status == "failed"
    assert job.error == "no\n→ yes"


def test_stopping_background_jobs(
    shell: InteractiveShell, notebook: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    job = notebook.jobs.start("work", lambda cancel: cancel.wait(60))
    shell.run_cell(f"%julia stop {job.number}")
    assert "stopping work" in capsys.readouterr().out
    assert job.status == "stopped"
    shell.run_cell("%julia stop")
    assert "nothing is running" in capsys.readouterr().out
