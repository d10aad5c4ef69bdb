"""Big arrays between Python and a worker: files in a folder that both see, in memory where possible.

Julia maps the file that Python wrote, so an argument is copied once; what a function changed in it is read
back. Python never maps a file that the worker can shorten (that would end the kernel with SIGBUS): it reads
the elements of a result into an array of its own, one copy more.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from jupyter_julia_aot.errors import WorkerError
from jupyter_julia_aot.trial.values import MalformedValueError

SHARED_BYTES = 1 << 16
"""Arrays of at least so many bytes go through a file."""
_MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108 - a folder in memory, used through mkdtemp
_ROOM = 1 << 30
_NAME = re.compile(r"r\d{1,12}")


def scratch_folder() -> Path:
    """A fresh private folder: in memory where there is room for big arrays, else in the temporary folder."""
    with contextlib.suppress(OSError):
        room = os.statvfs(_MEMORY_FOLDER)
        if room.f_bavail * room.f_frsize >= _ROOM and os.access(_MEMORY_FOLDER, os.W_OK):
            return Path(tempfile.mkdtemp(prefix="julia-aot-session-", dir=_MEMORY_FOLDER))
    return Path(tempfile.mkdtemp(prefix="julia-aot-session-"))


class SharedArrays:
    """The arrays of one call that go through files of ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._count = 0
        self._sent: list[Path] = []

    def share(self, array: np.ndarray[Any, Any]) -> str | None:
        """Write a Fortran-ordered array into a file; its name, or ``None`` for a small one.

        Raises ``WorkerError`` when there is no room.
        """
        if array.nbytes < SHARED_BYTES:
            return None
        self._count += 1
        path = self.folder / f"a{self._count}"
        self._sent.append(path)
        try:
            with path.open("xb", buffering=0) as file:
                view = array.reshape(-1, order="F").view(np.uint8).data.cast("B")
                while view:
                    view = view[file.write(view) :]
        except OSError as error:
            raise WorkerError(
                f"no room for a shared array of {array.nbytes >> 20} MiB in {self.folder}: {error.strerror}",
                remedy="free memory, or send the array in parts",
            ) from error
        return path.name

    def read_back(self, name: str, array: np.ndarray[Any, Any]) -> None:
        """Copy into ``array`` what the worker changed in its shared copy."""
        now = self._read(self.folder / name, array.dtype.newbyteorder("<"), array.shape)
        if not np.array_equal(_bytes(now), _bytes(array)):
            array[...] = now

    def fetch(self, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        """The elements of a result's file, which is removed. Raises ``MalformedValueError``."""
        if not _NAME.fullmatch(name):
            raise MalformedValueError(f"{name!r} is no shared array")
        path = self.folder / name
        try:
            return self._read(path, dtype, shape)
        finally:
            path.unlink(missing_ok=True)

    def _read(self, path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        # The worker can write in the folder: no links, no pipes, and no size but the one announced.
        size = math.prod(shape) * dtype.itemsize
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise MalformedValueError(f"a shared array cannot be read: {error.strerror}") from error
        with os.fdopen(fd, "rb", buffering=0) as file:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode) or status.st_size < size:
                raise MalformedValueError("a shared array is cut short")
            array: np.ndarray[Any, Any] = np.empty(shape, dtype, order="F")
            view = array.reshape(-1, order="F").view(np.uint8).data.cast("B")
            while view:
                got = file.readinto(view)
                if not got:
                    raise MalformedValueError("a shared array is cut short")
                view = view[got:]
        return array

    def clear(self) -> None:
        """Remove the files of the call. Memory that Julia still maps stays until it lets go."""
        for path in self._sent:
            path.unlink(missing_ok=True)
        self._sent.clear()

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _bytes(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    little = np.asarray(array).astype(array.dtype.newbyteorder("<"), order="F", copy=False)
    return little.reshape(-1, order="F").view(np.uint8)
