"""One contract for Julia cells: in this process and in the worker."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import numpy as np
import pytest

from jupyter_julia_aot.errors import Cancelled, CapabilityError, JuliaError
from jupyter_julia_aot.run.cells import CellFunction, OpenCells, bind_from_cell, choose_cells, help_code
from jupyter_julia_aot.trial.session_output import Displayed, Printed

pytestmark = pytest.mark.julia

ONE_OF_EACH = """
struct Picture end
Base.show(io::IO, ::MIME"image/png", ::Picture) = write(io, UInt8[0x89, 0x50, 0x4e, 0x47])
Base.show(io::IO, ::MIME"image/svg+xml", ::Picture) = print(io, "<svg></svg>")
Base.show(io::IO, ::MIME"text/html", ::Picture) = print(io, "<b>p</b>")
Base.show(io::IO, ::MIME"text/latex", ::Picture) = print(io, "\\$x\\$")
Base.show(io::IO, ::Picture) = print(io, "a picture")
Picture()
"""


def test_the_last_value_is_shown_unless_there_is_a_semicolon(cells: Any) -> None:
    assert cells.run("1 + 1").bundle == {"text/plain": "2"}
    assert cells.run("1 + 1;").bundle is None
    assert cells.run("nothing").bundle is None
    assert cells.run("x = [1.5, 2]").value.tolist() == [1.5, 2.0]


def test_everything_is_shown_in_order(cells: Any) -> None:
    code = 'println("a"); println(stderr, "b"); display([1]); run(`echo c`); print("d"); 7'
    result = cells.run(code)
    shown = [(i.stream, i.text) if isinstance(i, Printed) else "display" for i in result.shown]
    assert shown == [("stdout", "a\n"), ("stderr", "b\n"), "display", ("stdout", "c\nd")]
    assert result.bundle == {"text/plain": "7"}


def test_values_are_shown_by_mime_type(cells: Any) -> None:
    bundle = cells.run(ONE_OF_EACH).bundle
    assert bundle["text/plain"] == "a picture"
    assert bundle["image/png"] == b"\x89PNG"
    assert bundle["image/svg+xml"] == "<svg></svg>"
    assert bundle["text/html"] == "<b>p</b>"
    assert bundle["text/latex"] == "$x$"
    shown = cells.run("display(Picture()); nothing").shown
    assert isinstance(shown[0], Displayed)
    assert shown[0].bundle == bundle


def test_text_and_bytes_can_be_displayed_as_they_are(cells: Any) -> None:
    code = 'display("text/html", "<b>1</b>"); display("image/png", UInt8[0x89, 0x50])'
    shown = [
        i.bundle
        for i in cells.run(code + '; display("text/plain", "x"); nothing').shown
        if isinstance(i, Displayed)
    ]
    assert shown == [{"text/html": "<b>1</b>"}, {"image/png": b"\x89P"}, {"text/plain": "x"}]


def test_warnings_go_to_the_error_stream(cells: Any) -> None:
    shown = cells.run('@warn "look out"').shown
    assert "look out" in "".join(i.text for i in shown if isinstance(i, Printed))
    if cells.toolchain.version_tuple >= (1, 7, 0):  # before, the logger keeps the stream it began with
        assert {i.stream for i in shown if isinstance(i, Printed)} == {"stderr"}


def test_macros_of_a_package_in_the_same_cell(cells: Any) -> None:
    assert cells.run('using Test\nusing Printf\n@test 1 == 1\n@sprintf("%05.1f", 2.5)').value == "002.5"


def test_loops_at_top_level_assign_to_globals(cells: Any) -> None:
    assert cells.run("total = 0\nfor i in 1:4\n    total += i\nend\ntotal").value == 10


@pytest.mark.parametrize(
    ("code", "kind", "line"),
    [
        ("1\n\nsqrt(-1.0)", "DomainError", 3),
        ("a = [1, 2]\na[1]\na[7]", "BoundsError", 3),
        ("\nDict(1 => 2)[3]", "KeyError", 2),
        ('f_m(x::Int) = x\n\nf_m("a")', "MethodError", 3),
        ("ok = 1\n\nundefined_name", "UndefVarError", 3),
        ('function g_e(x)\n    y = x\n    error("no")\nend\ng_e(1)', "ErrorException", 3),
        ("begin\n    x = 1\n    x + nothing\nend", "MethodError", 3),
    ],
)
def test_errors_carry_julias_type_and_the_cells_line(cells: Any, code: str, kind: str, line: int) -> None:
    with pytest.raises(JuliaError) as raised:
        cells.run(code, f"In[{kind}]")
    assert (raised.value.julia_type, raised.value.line) == (kind, line)


def test_a_backtrace_has_the_users_frames_only(cells: Any) -> None:
    cells.run("inner_b(x) = sqrt(x)\nouter_b(x) = map(inner_b, x)", "In[1]")
    with pytest.raises(JuliaError) as raised:
        cells.run("\nouter_b([-1.0])", "In[2]")
    frames = raised.value.backtrace
    assert raised.value.line == 2
    assert next(f for f in frames if "In[1]" in f).startswith("inner_b at In[1]:1")
    assert frames[-1] == "top level at In[2]:2"
    assert all("In[" in f for f in frames), frames


def test_a_method_error_is_no_type_error(cells: Any) -> None:
    cells.run("only_int(x::Int) = x\nbad_type(x) = x::Int")
    with pytest.raises(JuliaError) as raised:
        cells.call("only_int", "text")
    assert raised.value.julia_type == "MethodError"
    with pytest.raises(JuliaError) as raised:
        cells.call("bad_type", "text")
    assert raised.value.julia_type == "TypeError"


def test_what_does_not_parse(cells: Any) -> None:
    with pytest.raises(JuliaError) as raised:
        cells.run("x = 1\ny = (2,\n", "In[9]")
    assert raised.value.line is not None


def test_variables_in_and_out(cells: Any) -> None:
    matrix = np.arange(6.0).reshape(2, 3)
    cells.set(m=matrix, n=3, s="hé", words=["a", "b"])
    cells.run('z = m .* n; t = s * "!"; w = length(words)')
    assert cells.get("z").tolist() == (matrix * 3).tolist()
    assert (cells.get("t"), cells.get("w")) == ("hé!", 2)
    with pytest.raises(JuliaError) as raised:
        cells.get("never_defined")
    assert raised.value.julia_type == "UndefVarError"


def test_functions_of_a_cell_are_called_from_python(cells: Any) -> None:
    code = '"Doubles it."\ntwice_it(x; plus = 0) = 2x .+ plus'
    cells.run(code)
    function = bind_from_cell("twice_it", OpenCells(cells, "worker", ""), code)
    assert isinstance(function, CellFunction)
    assert function(4, plus=1) == 9
    assert function(np.array([1.0, 2.0])).tolist() == [2.0, 4.0]
    assert function.__doc__ == "Doubles it."
    cells.run("twice_it(x; plus = 0) = 20x")
    assert function(1) == 20, "the newest definition"
    assert bind_from_cell("twice_number", OpenCells(cells, "worker", ""), _number(cells)) == 42


def _number(cells: Any) -> str:
    cells.run("twice_number = 42")
    return ""


def test_an_exit_in_the_code_does_not_take_python_along(cells: Any) -> None:
    with pytest.raises(JuliaError) as raised:
        cells.run("exit(3)")
    assert raised.value.julia_type == "ProcessExited"
    assert cells.run("2").value == 2


def test_completions_are_those_of_julias_repl(cells: Any) -> None:
    texts, start, stop = cells.completions("αβ = splitdi", 12)
    assert "splitdir" in texts
    assert (start, stop) == (5, 12)
    assert "α" in cells.completions("\\alpha", 6)[0]


def test_help_is_that_of_julias_repl(cells: Any) -> None:
    assert "Compute sine" in cells.run(help_code("sin")).bundle["text/plain"]
    assert "for" in cells.run(help_code("for")).bundle["text/plain"]


def test_a_stop_reaches_code_that_prints(cells: Any) -> None:
    printed = threading.Event()

    def stop() -> None:
        printed.wait(60)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=stop)
    thread.start()
    kept = "kept = 17"
    cells.run(kept)
    with pytest.raises(Cancelled) as raised:
        cells.run('while true; println("on"); sleep(0.01); end', on_shown=lambda _shown: printed.set())
    thread.join()
    # On a machine so busy that Julia does not react within a second, its process is ended.
    if "was ended" not in raised.value.message:
        assert cells.get("kept") == 17


def test_what_is_shown_may_print_to_the_same_terminal(juliacall_cells: Any, capfd: Any) -> None:
    juliacall_cells.run('println("loud")', on_shown=lambda shown: print(shown.text, end="", flush=True))
    assert capfd.readouterr().out == "loud\n"


def test_arrays_are_shared_in_process(juliacall_cells: Any) -> None:
    vector = np.zeros(4)
    juliacall_cells.set(shared_v=vector)
    address = juliacall_cells.run("UInt(pointer(shared_v))").value
    assert address == vector.ctypes.data
    juliacall_cells.run("shared_v .= 5; back = shared_v;")
    assert vector.tolist() == [5.0] * 4
    assert juliacall_cells.get("back").ctypes.data == address


def test_threads_are_refused_where_they_cannot_be(cells: Any) -> None:
    with pytest.raises(CapabilityError, match="thread"):
        choose_cells(lambda: cells, route="worker", threads=4)
