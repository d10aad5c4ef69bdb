"""A confined Julia that keeps its state, shows things in order, and can be stopped."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_julia_aot.errors import Cancelled, JuliaError, SettingError, WorkerError
from jupyter_julia_aot.records import Toolchain
from jupyter_julia_aot.trial import Session
from jupyter_julia_aot.trial.session_output import Displayed, OutputReader, Printed
from tests.patience import A_SECOND

Wait = Callable[..., None]


@pytest.fixture(scope="module")
def session(toolchain: Toolchain) -> Iterator[Session]:
    with Session(toolchain) as session:
        yield session


# ---------------------------------------------------------------- what is shown


@given(st.lists(st.tuples(st.sampled_from("oe"), st.text(min_size=1)), max_size=8), st.integers(1, 9))
def test_output_is_read_the_same_however_it_arrives(parts: list[tuple[str, str]], step: int) -> None:
    data = b"".join(b"\x00\x02TT" + k.encode() + b"\x03" + t.encode(errors="replace") for k, t in parts)
    whole, pieces = OutputReader("TT", 1 << 20), OutputReader("TT", 1 << 20)
    whole.feed(data)
    whole.finish()
    for at in range(0, len(data), step):
        pieces.feed(data[at : at + step])
    pieces.finish()
    assert pieces.shown == whole.shown
    said = "".join(t.encode(errors="replace").decode() for _, t in parts)
    assert "".join(p.text for p in whole.shown if isinstance(p, Printed)) == said


@given(st.binary(max_size=300))
def test_forged_marks_break_nothing(data: bytes) -> None:
    reader = OutputReader("TT", 100)
    reader.feed(data.replace(b"\x01", b"\x00\x02TT"))
    reader.finish()


@pytest.mark.julia
def test_everything_is_shown_in_order(session: Session) -> None:
    seen: list[Any] = []
    code = 'println("a"); println(stderr, "b"); display([1]); run(`echo c`); print("d"); 7'
    result = session.run(code, on_shown=seen.append)
    kinds = [(i.stream, i.text) if isinstance(i, Printed) else "display" for i in result.shown]
    assert kinds == [("stdout", "a\n"), ("stderr", "b\n"), "display", ("stdout", "c\nd")]
    assert result.bundle == {"text/plain": "7"}
    assert result.output == "a\nb\nc\nd"
    assert isinstance(seen[-1], Printed)


@pytest.mark.julia
def test_output_is_seen_while_the_cell_runs(session: Session, wait_until: Wait) -> None:
    seen: list[Any] = []
    thread = threading.Thread(target=lambda: _quietly(session, 'print("now"); sleep(60)', seen.append))
    thread.start()
    wait_until(lambda: seen)
    assert session.interrupt()
    thread.join(5)
    assert seen == [Printed("stdout", "now")]


def _quietly(session: Session, code: str, on_shown: Callable[[Any], None]) -> None:
    with pytest.raises(Cancelled):
        session.run(code, on_shown=on_shown)


@pytest.mark.julia
def test_values_by_mime_type(session: Session) -> None:
    session.run(
        "struct Picture end\n"
        'Base.show(io::IO, ::MIME"text/html", ::Picture) = print(io, "<b>x</b>")\n'
        'Base.show(io::IO, ::MIME"image/png", ::Picture) = write(io, UInt8[0x89, 0x50])\n'
        'Base.show(io::IO, ::MIME"image/svg+xml", ::Picture) = print(io, "<svg/>")\n'
        'Base.show(io::IO, ::MIME"text/latex", ::Picture) = print(io, "\\$x\\$")'
    )
    bundle = session.run("Picture()").bundle
    assert bundle is not None
    assert bundle["text/html"] == "<b>x</b>"
    assert bundle["image/png"] == b"\x89P"
    assert bundle["image/svg+xml"] == "<svg/>"
    assert bundle["text/latex"] == "$x$"
    assert session.run("display(Picture())").displays[0]["text/html"] == "<b>x</b>"
    assert session.run("Picture();").bundle is None
    assert isinstance(session.run("display(1)").shown[0], Displayed)


@pytest.mark.julia
def test_a_flood_of_output_is_cut(session: Session) -> None:
    result = session.run('for _ in 1:200_000; println("0123456789"); end')
    assert "cut here" in result.output
    assert len(result.output) < 1_100_000
    assert session.run("1 + 1").value == 2


# ---------------------------------------------------------------- cells and errors


@pytest.mark.julia
def test_a_cell_is_top_level(session: Session) -> None:
    session.run(
        'using Statistics, Printf\ns = @sprintf("%d", 3)\ncount_up = 0\nfor i in 1:3\n    count_up += i\nend'
    )
    assert session.run("(s, count_up, mean([1, 2]))").value == ("3", 6, 1.5)


@pytest.mark.julia
@pytest.mark.parametrize(
    ("code", "kind", "line"),
    [
        ('\n\nerror("no")', "ErrorException", 3),
        ("x = 1\ny = x +* 2", None, 2),
        ("function broken(x)\n    sqrt(x)\nend\nbroken(-1.0)", "DomainError", 2),
        ("1\nnot_there", "UndefVarError", 2),
    ],
)
def test_errors_carry_type_and_line(session: Session, code: str, kind: str | None, line: int) -> None:
    with pytest.raises(JuliaError) as raised:
        session.run(code, name="In[3]")
    assert raised.value.line == line
    assert kind is None or raised.value.julia_type == kind
    assert not any("session.jl" in frame or "boot.jl" in frame for frame in raised.value.backtrace)


@pytest.mark.julia
def test_a_value_that_cannot_be_shown_is_the_users_error(session: Session) -> None:
    session.run('struct Shy end\nBase.show(io::IO, ::Shy) = error("shy")')
    with pytest.raises(JuliaError, match="shy"):
        session.run("Shy()")


# ---------------------------------------------------------------- calls


@pytest.mark.julia
def test_calls_with_arrays(session: Session) -> None:
    session.run("scale!(a; by = 2) = (a .*= by; nothing)\ntranspose_of(a) = collect(a')\nsame_one(a) = a")
    for count in (3, 100_000):
        small = np.arange(float(count))
        session.call("scale!", small, by=3)
        assert np.array_equal(small, 3 * np.arange(float(count)))
        assert session.call("same_one", small) is small
    rows = np.arange(6).reshape(2, 3)
    assert session.call("transpose_of", rows).tolist() == rows.T.tolist()
    session.call("scale!", rows)
    assert rows.tolist() == [[0, 2, 4], [6, 8, 10]]
    big = np.arange(90_000.0).reshape(300, 300)[::2]
    assert np.array_equal(session.call("transpose_of", big), big.T)


@pytest.mark.julia
def test_a_read_only_array_is_not_changed(session: Session) -> None:
    session.run("scale!(a; by = 2) = (a .*= by; nothing)")
    fixed = np.arange(3.0)
    fixed.flags.writeable = False
    with pytest.raises(SettingError, match="read-only"):
        session.call("scale!", fixed)
    assert fixed.tolist() == [0, 1, 2]


@pytest.mark.julia
def test_handles_stay_the_same_object(session: Session) -> None:
    session.run("mutable struct Box; x; end\nfill_box(b, x) = (b.x = x; b)\nopen_box(b) = b.x")
    box = session.run("Box(1)").value
    assert "Box" in repr(box)
    session.call("fill_box", box, 5)
    assert session.call("open_box", box) == 5


@pytest.mark.julia
def test_variables_docs_and_completions(session: Session) -> None:
    session.set(numbers=np.arange(3), word="hi")
    assert session.run("(sum(numbers), word)").value == (3, "hi")
    assert session.get("word") == "hi"
    session.run('"What it does."\nexplained(x) = x')
    assert session.documentation("explained").strip() == "What it does."
    matches, start, stop = session.completions("é = prin", 8)
    assert "println" in matches
    assert (start, stop) == (4, 8)


# ---------------------------------------------------------------- stop and end


@pytest.mark.julia
@pytest.mark.parametrize(
    "code",
    ["sleep(60)", "while true; end", "let i = 0; while true; i += 1; end; end", "run(`sleep 60`)"],
)
def test_a_stop_keeps_the_state(session: Session, code: str) -> None:
    session.run("kept = 42; 1 + 1")
    started = time.monotonic()
    with pytest.raises(Cancelled, match="live on"):
        session.run(code, seconds=0.5)
    assert time.monotonic() - started < A_SECOND
    assert session.run("kept").value == 42


@pytest.mark.julia
def test_a_cell_that_will_not_stop_is_ended(toolchain: Toolchain) -> None:
    with Session(toolchain) as session:
        session.run("kept = 42")
        stubborn = "while true; try; sleep(60); catch; end; end"
        with pytest.raises(Cancelled, match=r"took longer than 0\.5 s and did not react"):
            session.run(stubborn, seconds=0.5)
        with pytest.raises(JuliaError):
            session.run("kept")


@pytest.mark.julia
def test_a_program_that_ends_itself(toolchain: Toolchain) -> None:
    with Session(toolchain) as session:
        with pytest.raises(JuliaError, match="exit code 3"):
            session.run("exit(3)")
        assert session.run("1 + 1").value == 2
        value = session.run("[[1], [2]]")
        with pytest.raises(JuliaError, match="signal"):
            session.run("ccall(:abort, Cvoid, ())")
        with pytest.raises(WorkerError, match="not fetched"):
            _ = value.value


@pytest.mark.julia
def test_close_leaves_nothing(toolchain: Toolchain, wait_until: Wait) -> None:
    session = Session(toolchain)
    assert not session.started
    session.run("1")
    process = session._process
    folder = session._arrays.folder if session._arrays else Path()
    assert process is not None
    assert folder.exists()
    session.close()
    session.close()
    wait_until(lambda: not Path(f"/proc/{process.process.pid}").exists())
    assert not folder.exists()
    with pytest.raises(WorkerError, match="closed"):
        session.run("1")


@pytest.mark.julia
def test_a_start_that_fails_can_be_tried_again(toolchain: Toolchain, tmp_path: Path) -> None:
    broken = tmp_path / "julia"
    broken.write_text("#!/bin/sh\necho no >&2\nexit 3\n")
    broken.chmod(0o755)
    with Session(replace(toolchain, path=str(broken), prefix=str(tmp_path))) as session:
        for _ in range(2):
            with pytest.raises(WorkerError, match="did not start"):
                session.run("1")


@pytest.mark.julia
def test_closing_ends_a_session_that_is_still_starting(
    toolchain: Toolchain, tmp_path: Path, wait_until: Wait
) -> None:
    slow = tmp_path / "julia"
    slow.write_text("#!/bin/sh\nexec sleep 1000\n")
    slow.chmod(0o755)
    session = Session(replace(toolchain, path=str(slow), prefix=str(tmp_path)))
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(session.run, "1")
        wait_until(lambda: (start := session._starting) is not None and start._process is not None)
        session.close()
        with pytest.raises(Cancelled):
            running.result(60)
    assert not session.started


_PARENT = """
import os, signal
from jupyter_julia_aot.toolchain import choose_toolchain
from jupyter_julia_aot.trial import Session
session = Session(choose_toolchain("trial"))
session.run("1")
print(session._process.process.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.julia
def test_it_dies_with_its_parent(toolchain: Toolchain, wait_until: Wait) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _PARENT],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    pid = int(ran.stdout.split()[0])
    wait_until(lambda: not _runs(pid))


def _runs(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


@pytest.mark.julia
def test_the_notebooks_secrets_stay_outside(toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    with Session(toolchain) as session:
        assert session.run('get(ENV, "OPENAI_API_KEY", "none")').value == "none"
        with pytest.raises(JuliaError):
            session.run(f'read("{os.path.abspath(__file__)}")')  # noqa: PTH100 - text of a Julia cell


@pytest.mark.julia
def test_files_outside_keep_their_mode(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    file.chmod(0o600)
    path = f'"{file}", 0o777'
    for code in (
        f"ccall(:chmod, Cint, (Cstring, Cuint), {path})",
        f"ccall(:fchmodat, Cint, (Cint, Cstring, Cuint, Cint), -100, {path}, 0)",
        f"ccall(:syscall, Clong, (Clong, Clong, Cstring, Cuint, Cuint), 452, -100, {path}, 0)  # fchmodat2",
    ):
        session.run(code)
        assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.julia
def test_a_mode_that_is_not_set_is_no_error(session: Session) -> None:
    assert session.run('write("mine", "x"); chmod("mine", 0o644); read("mine", String)').value == "x"


@pytest.mark.julia
def test_big_arrays_are_julias_own(session: Session) -> None:
    session.run("kept = []\nkeep(v) = (push!(kept, v); nothing)\nadd!(v, x) = (v .+= x; v)")
    first, second = np.arange(20_000.0), np.ones(30_000)
    session.call("keep", first)
    session.call("keep", second)
    assert session.run("kept[1] == 0:19999 && kept[2] == ones(30000)").value is True
    grid = np.ones((100, 200))  # C order: what comes back has to be put in other places
    grid[3, 4] = 7.0
    assert session.call("add!", grid, 1.0) is grid
    assert grid[3, 4] == 8.0
    assert grid.sum() == 2 * 100 * 200 + 6
    read_only = np.ones(20_000)
    read_only.flags.writeable = False
    assert session.call("sum", read_only) == 20_000
    with pytest.raises(SettingError, match="read-only"):
        session.call("add!", read_only, 1.0)
    session.call("keep", np.ones(1 << 25 | 1))  # more than a window keeps
    assert session.call("sum", first) == first.sum()


@pytest.mark.julia
def test_a_shortened_window_does_not_reach_the_kernel(session: Session) -> None:
    big = np.ones(100_000)
    assert session.call("copy", big).sum() == 100_000
    session.run('foreach(name -> close(open(name, "w")), [".to-julia", ".from-julia"])')
    with pytest.raises(JuliaError, match="ended by signal"):
        session.call("copy", big)
    assert session.call("copy", big).sum() == 100_000


@pytest.mark.julia
@pytest.mark.benchmarks
def test_bandwidth_to_the_worker(session: Session) -> None:
    session.run("swallow(a) = length(a)\nproduce(n) = ones(n)")
    array = np.ones(25_000_000)
    for name, call in (
        ("to the worker", lambda: session.call("swallow", array)),
        ("from the worker", lambda: session.call("produce", array.size)),
    ):
        call()
        start = time.perf_counter()
        call()
        seconds = time.perf_counter() - start
        print(f"\n{array.nbytes / 1e9:.1f} GB {name}: {array.nbytes / seconds / 1e9:.2f} GB/s")
        assert array.nbytes / seconds > 1e8
