"""``%%julia`` in a shell: variables in and out, functions, output, completions and help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_julia_aot.errors import JuliaError, SettingError
from jupyter_julia_aot.magics.julia_help import complete, inspect
from jupyter_julia_aot.records import Toolchain
from tests.magics.kernel import SECONDS, kernel

pytestmark = pytest.mark.julia


@pytest.fixture(scope="module", autouse=True)
def julia(toolchain: Toolchain) -> None:
    """Skips without a Julia."""


@pytest.fixture
def julia_shell(shell: Any, notebook: Any) -> Any:
    notebook.told.clear()
    return shell


def test_names_variables_and_output(julia_shell: Any, capsys: Any) -> None:
    julia_shell.user_ns["given"] = np.array([1.0, 2.0])
    cell = 'println("hello")\nmagic_total(v) = sum(v)\nresult = 2 .* given\nlength(given)'
    julia_shell.run_cell_magic("julia", "magic_total --worker -i given -o result", cell)
    printed = capsys.readouterr()
    assert printed.out == "hello\n2\n"
    assert "can be stopped" in printed.err
    assert julia_shell.user_ns["result"].tolist() == [2.0, 4.0]
    assert julia_shell.user_ns["magic_total"](np.array([3.0, 4.0])) == 7.0
    julia_shell.run_cell_magic("julia", "--worker", "1 + 1;")
    assert capsys.readouterr() == ("", ""), "said once only"


def test_a_function_that_changes_its_argument_is_called_by_its_python_name(julia_shell: Any) -> None:
    julia_shell.run_cell_magic("julia", "sevens! --worker", "sevens!(x) = (x .= 7; x)")
    given = np.zeros(3)
    assert julia_shell.user_ns["sevens_b"](given) is given
    assert given.tolist() == [7.0] * 3


def test_the_value_is_shown_even_when_a_name_is_missing(julia_shell: Any, capsys: Any) -> None:
    with pytest.raises(JuliaError, match="never_defined"):
        julia_shell.run_cell_magic("julia", "never_defined --worker", "6 * 7")
    assert capsys.readouterr().out == "42\n"


def test_an_error_shows_type_line_and_frames(julia_shell: Any) -> None:
    with pytest.raises(JuliaError) as raised:
        julia_shell.run_cell_magic("julia", "--worker", "fails(x) = sqrt(x)\n\nfails(-1.0)")
    shown = "\n".join(raised.value._render_traceback_())  # type: ignore[attr-defined]
    assert "DomainError (line 1)" in shown
    assert "in fails at In[" in shown
    assert "Traceback" not in shown


def test_variables_that_are_not_there(julia_shell: Any) -> None:
    with pytest.raises(SettingError, match="no_such_variable"):
        julia_shell.run_cell_magic("julia", "--worker -i no_such_variable", "1")
    with pytest.raises(SettingError, match="exclude"):
        julia_shell.run_cell_magic("julia", "--worker --in-process", "1")


def test_help_and_completions(julia_shell: Any, notebook: Any, capsys: Any) -> None:
    julia_shell.run_cell_magic("julia", "--worker", "?sqrt")
    assert "sqrt(x)" in capsys.readouterr().out
    text = "%%julia --worker\nx = splitdi"
    found = complete(notebook, text, len(text))
    assert found == (["splitdir"], "splitdi")
    assert complete(notebook, "x = splitdi", 11) is None, "Python's own"
    assert "sqrt(x)" in (inspect(notebook, "%%julia\ny = sqrt(2)", 15) or {})["text/plain"]
    assert inspect(notebook, "sqrt", 2) is None
    offered = julia_shell.Completer.completions(text, len(text))
    with pytest.warns(match="provisional"):
        assert "splitdir" in [c.text for c in offered]


def test_in_a_julia_cell_the_kernel_asks_julia_alone(tmp_path: Path, toolchain: Toolchain) -> None:
    with kernel(tmp_path) as one:
        assert one.run("%%julia --worker\nmine_too = 1")["status"] == "ok"

        def offered(text: str) -> tuple[list[str], int, int]:
            reply = one.client.complete(text, reply=True, timeout=SECONDS)["content"]
            return reply["matches"], reply["cursor_start"], reply["cursor_end"]

        assert offered("%%julia\nx = mine_t") == (["mine_too"], 12, 18)
        assert offered("%%julia\nx = nothing_is_called_so") == ([], 12, 32), "nor what Python would guess"
        assert "zip" in offered("zi")[0], "Python cells as ever"
        asked = one.client.inspect("%%julia\nsplitdir(1)", 12, reply=True, timeout=SECONDS)["content"]
        assert asked["found"]
        assert "splitdir(path" in asked["data"]["text/plain"]
