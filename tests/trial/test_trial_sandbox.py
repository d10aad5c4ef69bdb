"""Each sandbox of this machine holds, and none leaves a process behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_julia_aot.errors import SandboxError
from jupyter_julia_aot.records import Limits
from jupyter_julia_aot.trial import sandbox as module
from jupyter_julia_aot.trial.confined import (
    MARKER,
    ConfinedProcess,
    in_launcher,
    marked_processes,
    new_marker,
)
from jupyter_julia_aot.trial.sandbox import SandboxName, choose_sandbox, launch, sandbox_statuses

REAL = [s.name for s in sandbox_statuses() if s.usable and s.name != "none"]
SH = shutil.which("sh") or "/bin/sh"


def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether ``condition`` becomes true within ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.01)
    return condition()


def shell(script: str, scratch: Path, sandbox: SandboxName, limits: Limits | None = None) -> ConfinedProcess:
    return launch([SH, "-c", script], environment={}, scratch=scratch, sandbox=sandbox, limits=limits)


@pytest.mark.parametrize("sandbox", [*REAL, "none"])
def test_pipes_are_live_and_the_environment_is_ours(tmp_path: Path, sandbox: SandboxName) -> None:
    with shell('read line; echo "$line $HOME $SECRET"', tmp_path, sandbox) as process:
        process.stdin.write(b"hello\n")
        assert process.stdout.read(1000) == f"hello {tmp_path} \n".encode()
        assert process.wait(10) == 0


@pytest.mark.parametrize("sandbox", [*REAL, "none"])
def test_a_process_outlives_the_thread_that_started_it(tmp_path: Path, sandbox: SandboxName) -> None:
    started: list[ConfinedProcess] = []
    script = 'read line; echo "still here: $line"'
    thread = threading.Thread(target=lambda: started.append(shell(script, tmp_path, sandbox)))
    thread.start()
    thread.join()
    with started[0] as process:
        process.stdin.write(b"hello\n")
        assert process.stdout.read(1000) == b"still here: hello\n"
        assert process.wait(60) == 0


def test_ctrl_c_while_a_process_is_started_leaves_none(tmp_path: Path) -> None:
    started: list[ConfinedProcess] = []

    def start() -> ConfinedProcess:
        marker = new_marker()
        program = subprocess.Popen(
            [SH, "-c", "read line"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={MARKER: marker},
            bufsize=0,
            start_new_session=True,
        )
        streams: Any = (program.stdin, program.stdout, program.stderr)
        started.append(ConfinedProcess(program.pid, streams, program.wait, marker=marker, sandbox="none"))
        os.kill(os.getpid(), signal.SIGINT)
        return started[0]

    with pytest.raises(KeyboardInterrupt):
        in_launcher(start)
    assert started[0].poll() == -signal.SIGKILL


@pytest.mark.parametrize("sandbox", REAL)
def test_files_outside_cannot_be_read_or_written(tmp_path: Path, sandbox: SandboxName) -> None:
    secret, scratch = tmp_path / "secret", tmp_path / "scratch"
    secret.write_text("top secret")
    scratch.mkdir()
    script = (
        f"cat {secret}; cat /etc/shadow; echo x > {secret}; echo x > /usr/x; echo fine > inside; cat inside"
    )
    with shell(script, scratch, sandbox) as process:
        assert process.wait(10) == 0
        assert process.stdout.read(1000) == b"fine\n"
    assert secret.read_text() == "top secret"


@pytest.mark.parametrize("sandbox", REAL)
def test_files_outside_keep_their_mode(tmp_path: Path, sandbox: SandboxName) -> None:
    outside, scratch = tmp_path / "mine", tmp_path / "scratch"
    outside.write_text("mine")
    outside.chmod(0o600)
    scratch.mkdir()
    command = ["/bin/chmod", "777", str(outside)]
    with launch(command, environment={}, scratch=scratch, sandbox=sandbox) as process:
        assert process.wait(60) != 0
    assert outside.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("sandbox", REAL)
def test_the_network_cannot_be_reached(tmp_path: Path, sandbox: SandboxName) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash's /dev/tcp")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        command = [bash, "-c", f"(echo hi > /dev/tcp/127.0.0.1/{port}) && echo reached"]
        with launch(command, environment={}, scratch=tmp_path, sandbox=sandbox) as process:
            process.wait(10)
            assert process.stdout.read(100) == b""


@pytest.mark.parametrize("sandbox", REAL)
def test_other_processes_cannot_be_looked_into(tmp_path: Path, sandbox: SandboxName) -> None:
    script = f"cat /proc/{os.getpid()}/environ; kill -0 {os.getpid()} && echo signalled"
    with shell(script, tmp_path, sandbox) as process:
        process.wait(10)
        assert process.stdout.read(100) == b""


@pytest.mark.parametrize("sandbox", [*REAL, "none"])
def test_kill_finds_what_left_its_session(tmp_path: Path, sandbox: SandboxName) -> None:
    with shell("(setsid sleep 1000 &); echo ready; cat", tmp_path, sandbox) as process:
        assert process.stdout.read(6) == b"ready\n"
        marker = process._marker
        assert eventually(lambda: len(marked_processes(marker)) >= 2)
    assert eventually(lambda: not marked_processes(marker))


def test_a_sandbox_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="no sandbox 'chroot'"):
        choose_sandbox("chroot")
    with pytest.raises(SandboxError, match="would not start"):
        launch(["/no/such/program"], environment={}, scratch=tmp_path / "missing", sandbox="none")


def test_without_a_sandbox_nothing_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_julia_aot.records import SandboxStatus

    statuses = (
        SandboxStatus(name="sandlock", usable=False, reason="this kernel has no Landlock"),
        SandboxStatus(name="bubblewrap", usable=False, reason="not installed"),
        SandboxStatus(name="none", usable=True),
    )
    monkeypatch.setattr(module, "sandbox_statuses", lambda: statuses)
    with pytest.raises(SandboxError, match=r"no Landlock.*not installed"):
        launch([SH, "-c", "true"], environment={}, scratch=tmp_path)
    assert choose_sandbox("none") == "none"
