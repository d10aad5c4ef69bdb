"""Helper programs: bounded output, timeouts, and a stop that leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_julia_aot.errors import Cancelled
from jupyter_julia_aot.toolchain.locks import file_lock, staging
from jupyter_julia_aot.toolchain.process import run
from tests.patience import A_SECOND


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_streams_input_and_lines() -> None:
    lines: list[str] = []
    ran = run(["sh", "-c", "cat; echo bad >&2; printf end; exit 3"], stdin=b"a\nb\n", on_line=lines.append)
    assert (ran.code, ran.stdout, ran.stderr) == (3, "a\nb\nend", "bad\n")
    assert sorted(lines) == ["a", "b", "bad", "end"]
    assert ran.failure == "exit code 3: bad"


def test_endless_output_is_bounded() -> None:
    ran = run(["sh", "-c", "echo first; yes | head -c 50000000; echo last"], output_bytes=10_000)
    assert len(ran.stdout) < 11_000
    assert ran.stdout.startswith("first")
    assert ran.stdout.endswith("last\n")
    assert "bytes left out" in ran.stdout


def test_a_timeout_ends_the_whole_group(tmp_path: Path, wait_until: Callable[..., None]) -> None:
    ran = run(["sh", "-c", f"sleep 300 & echo $! >{tmp_path}/pid; wait"], timeout=0.5)
    assert ran.timed_out
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: not alive(pid))


def test_cancelling_ends_the_whole_group_within_a_second(
    tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    cancel = threading.Event()
    pid_file = tmp_path / "pid"

    def stop() -> None:
        wait_until(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
        cancel.set()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(Cancelled):
        run(["sh", "-c", f"trap '' TERM INT; sleep 300 & echo $! >{pid_file}; wait"], cancel=cancel)
    thread.join()
    wait_until(lambda: not alive(int(pid_file.read_text())), seconds=A_SECOND)


def test_a_killed_parent_takes_its_program_along(tmp_path: Path, wait_until: Callable[..., None]) -> None:
    """A restarted kernel is killed outright; what it was building must not go on."""
    code = (
        "from jupyter_julia_aot.toolchain.process import run\n"
        f"run(['sh', '-c', 'sleep 300 & echo $! >{tmp_path}/pid; wait'])"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], env=dict(os.environ))
    pid_file = tmp_path / "pid"
    wait_until(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
    parent.kill()
    parent.wait()
    wait_until(lambda: not alive(int(pid_file.read_text())))


def test_staging_is_all_or_nothing(tmp_path: Path) -> None:
    target = tmp_path / "thing"
    with pytest.raises(FileNotFoundError), staging(target) as fresh:
        (fresh / "half").rename(fresh / "whole")
    assert list(tmp_path.iterdir()) == []
    for content in ("one", "two"):
        with staging(target) as fresh:
            (fresh / "file").write_text(content)
    assert (target / "file").read_text() == "two"
    assert list(tmp_path.iterdir()) == [target]


def test_staging_clears_what_a_killed_process_left(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    left = tmp_path / f".new-thing-{dead.pid}-abcd"
    left.mkdir()
    with staging(tmp_path / "thing"):
        pass
    assert not left.exists()


def test_the_lock_waits_and_can_be_cancelled(tmp_path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with file_lock(tmp_path / "lock") as waited:
        assert not waited
        began = time.monotonic()
        with pytest.raises(Cancelled), file_lock(tmp_path / "lock", cancel):
            pass
        assert time.monotonic() - began < A_SECOND
