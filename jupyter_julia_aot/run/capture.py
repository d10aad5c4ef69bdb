"""What Julia in this process prints: standard output and error of the whole process, while a cell runs.

Julia, the programs it starts and C code all write to descriptors 1 and 2. For the time of a cell both are one
file in memory, so that the order is the order of writing and no writer ever waits for a reader: Python cannot
read a pipe while Julia holds the interpreter.
"""

from __future__ import annotations

import contextlib
import os
import sys
from types import TracebackType

from jupyter_julia_aot.trial.session_output import OutputReader

_PIECE = 1 << 20
_FULL = 256 << 20
"""Bytes after which the file is emptied as it is read."""


class Capture:
    """Descriptors 1 and 2 into a file, between ``__enter__`` and ``__exit__``."""

    def __init__(self, reader: OutputReader) -> None:
        self._reader = reader
        self._file = -1
        self._saved: tuple[int, int] = (-1, -1)
        self._at = 0
        self._draining = False

    def __enter__(self) -> Capture:
        _flush()
        self._file = os.memfd_create("julia-aot-cell")
        self._saved = (os.dup(1), os.dup(2))
        self._turn(True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.drain()
        finally:
            self._turn(False)
            for fd in (self._file, *self._saved):
                os.close(fd)
        self._reader.finish()

    def drain(self) -> None:
        """Hand on what was written since the last time; in what it calls, the descriptors are as before."""
        if self._draining:
            return
        self._draining = True
        try:
            while data := os.pread(self._file, _PIECE, self._at):
                self._at += len(data)
                self._turn(False)
                try:
                    self._reader.feed(data)
                    _flush()
                finally:
                    self._turn(True)
                if self._at > _FULL and os.fstat(self._file).st_size == self._at:
                    # Both descriptors share the offset of one open file.
                    os.ftruncate(self._file, 0)
                    os.lseek(self._file, 0, os.SEEK_SET)
                    self._at = 0
        finally:
            self._draining = False

    def _turn(self, into_file: bool) -> None:
        for fd, saved in zip((1, 2), self._saved, strict=True):
            os.dup2(self._file if into_file else saved, fd)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):  # None or closed: nothing is pending there
            stream.flush()
