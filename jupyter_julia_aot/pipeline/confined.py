"""The first run of a fresh program, confined as trials are: it may be what a model wrote.

It sees the system's libraries, its own product and the Julia it was linked with, an empty scratch
directory as its home, and no network. Later runs that the user asks for have the user's rights.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from jupyter_julia_aot.errors import Cancelled, SandboxError
from jupyter_julia_aot.records import Limits, Verified

SECONDS = 20.0
OUTPUT_BYTES = 256 << 10
_POLL_SECONDS = 0.05
# A program that carries all of Julia maps its whole image privately, and where it still compiles, the memory
# for its code counts as a file of 1 GiB.
_LIMITS = Limits(seconds=SECONDS, memory_bytes=4 << 30, file_bytes=1 << 30)


def first_run(
    program: Path, args: Sequence[str], readable: Sequence[str], cancel: threading.Event | None
) -> Verified | None:
    """Run ``program`` in the sandbox; ``None`` where this machine has none that works.

    ``readable`` are directories it may read besides the system's. Raises :class:`Cancelled` within a
    tenth of a second after ``cancel`` is set.
    """
    from jupyter_julia_aot.trial.sandbox import launch

    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="julia-aot-run-") as scratch:
        try:
            process = launch(
                [str(program.resolve()), *args],
                environment={},
                scratch=Path(scratch),
                readable=readable,
                limits=_LIMITS,
            )
        except SandboxError:
            return None
        with process:
            process.stdin.close()
            out, err = _Reader(process.stdout), _Reader(process.stderr)
            code: int | None = None
            while time.monotonic() - began < SECONDS and code is None:
                if cancel is not None and cancel.is_set():
                    raise Cancelled("the build was stopped during the first run")
                try:
                    code = process.wait(_POLL_SECONDS)
                except TimeoutError:
                    continue
            if code is None:
                process.kill()
            texts = out.text(), err.text()
    seconds = time.monotonic() - began
    return Verified(
        ran=True,
        exit_code=code,
        stdout=texts[0],
        stderr=texts[1] + ("" if code is not None else f"\nstopped after {SECONDS:g} s"),
        seconds=seconds,
    )


class _Reader(threading.Thread):
    """Reads a pipe to its end, keeping what fits."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(name="julia-aot-run-output", daemon=True)
        self._stream = stream
        self._kept = bytearray()
        self.start()

    def run(self) -> None:
        while True:
            try:
                part = self._stream.read(1 << 16)
            except (OSError, ValueError):  # closed with its process
                return
            if not part:
                return
            self._kept += part[: OUTPUT_BYTES - len(self._kept)]

    def text(self) -> str:
        """What was read, when the other side has closed (or, should a stray hold it, after a second)."""
        self.join(1.0)
        return self._kept.decode(errors="replace")
