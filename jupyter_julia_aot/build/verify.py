"""Run an artifact: in a scratch directory, with bounded time and output, its whole group killed after."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from jupyter_julia_aot.build.faults import explanation, with_explanation
from jupyter_julia_aot.errors import BuildError
from jupyter_julia_aot.records import Artifact, Verified
from jupyter_julia_aot.toolchain.process import run

FIRST_RUN_SECONDS = 20.0
OUTPUT_BYTES = 256 << 10


def run_artifact(
    artifact: Artifact | Path | str,
    args: Sequence[str] = (),
    stdin: bytes = b"",
    timeout: float = 60.0,
    cancel: threading.Event | None = None,
) -> Verified:
    """Run an executable with ``args`` and ``stdin``; ``timeout`` in seconds.

    Its working directory is the caller's. Raises :class:`BuildError` (stage ``run``) when it cannot
    be started or does not end in time, :class:`Cancelled` when stopped.
    """
    path = artifact.path if isinstance(artifact, Artifact) else str(artifact)
    verified = _run(path, args, stdin, timeout, cancel, cwd=None)
    if verified.exit_code is None:
        raise BuildError(
            f"{Path(path).name} did not end within {timeout:g} s and was stopped",
            stage="run",
            log=verified.stdout + verified.stderr,
            remedy="give it more time (--seconds), or other arguments",
        )
    return verified


def run_attached(path: str, args: Sequence[str] = (), timeout: float | None = None) -> int:
    """Run an executable as a shell would, with this process's own input and output; its exit code, or
    minus the signal that ended it. What a missing method of a trimmed program means is said behind it.

    Raises :class:`BuildError` (stage ``run``) when it cannot be started or runs over ``timeout`` seconds.
    """
    try:
        process = subprocess.Popen([path, *args], env=_environment(), stderr=subprocess.PIPE)
    except OSError as error:
        raise _does_not_start(path, error) from error
    last = bytearray()

    def pass_on() -> None:
        assert process.stderr is not None  # noqa: S101 - opened with PIPE
        while chunk := os.read(process.stderr.fileno(), 1 << 16):
            sys.stderr.buffer.write(chunk)
            sys.stderr.buffer.flush()
            last.extend(chunk)
            del last[:-OUTPUT_BYTES]

    reader = threading.Thread(target=pass_on, daemon=True)
    reader.start()
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired as late:
        raise BuildError(
            f"{Path(path).name} did not end within {timeout:g} s and was stopped",
            stage="run",
            remedy="give it more time (--seconds)",
        ) from late
    finally:
        process.kill()  # after an interrupt, which it got, too; nothing where it has ended
        process.wait()
        reader.join(1)
    sys.stderr.write(explanation(last.decode(errors="replace")))
    return code


def first_run(path: Path, args: Sequence[str], cancel: threading.Event | None) -> Verified:
    """The run after a build, in an empty directory; a program that goes on is stopped, not an error."""
    with tempfile.TemporaryDirectory(prefix="julia-aot-run-") as scratch:
        return _run(str(path), args, b"", FIRST_RUN_SECONDS, cancel, cwd=Path(scratch))


def _run(
    path: str,
    args: Sequence[str],
    stdin: bytes,
    timeout: float,
    cancel: threading.Event | None,
    cwd: Path | None,
) -> Verified:
    try:
        ran = run(
            [str(Path(path).resolve()), *args],
            cwd=cwd,
            environment=_environment(),
            stdin=stdin,
            timeout=timeout,
            cancel=cancel,
            output_bytes=OUTPUT_BYTES,
        )
    except OSError as error:
        raise _does_not_start(path, error) from error
    return Verified(
        ran=True,
        exit_code=None if ran.timed_out else ran.code,
        stdout=ran.stdout,
        stderr=with_explanation(ran.stderr) + (f"\nstopped after {timeout:g} s" if ran.timed_out else ""),
        seconds=ran.seconds,
    )


def _environment() -> dict[str, str]:
    """What the program needs of Julia it must find by itself, as it will on its own."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("JULIA_", "PYTHON_JULIA"))}


def _does_not_start(path: str, error: OSError) -> BuildError:
    return BuildError(
        f"{path} cannot be started: {error.strerror or error}", stage="run", remedy="build it again"
    )
