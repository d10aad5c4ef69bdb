"""Big arrays between Python and a worker: two files that both have open, in memory where possible.

One window carries arguments, the other results; arrays lie in them one behind the other, for one request.
The files stay from request to request, so that their memory is there already. Julia maps them and
copies. Python reads and writes without mapping: a worker that shortened a file which Python has mapped would
end the kernel with SIGBUS.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from jupyter_julia_aot.errors import WorkerError
from jupyter_julia_aot.trial.values import MalformedValueError

SHARED_BYTES = 1 << 16
"""Arrays of at least so many bytes go through a window."""
KEPT_BYTES = 1 << 28
"""What a window keeps of its memory between requests (``KEPT_BYTES`` in ``julia/windows.jl``)."""
_ALIGNMENT = 64
_MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108 - a folder in memory, used through mkdtemp
_ROOM = 1 << 30


def scratch_folder() -> Path:
    """A fresh private folder: in memory where there is room for big arrays, else in the temporary folder."""
    with contextlib.suppress(OSError):
        room = os.statvfs(_MEMORY_FOLDER)
        if room.f_bavail * room.f_frsize >= _ROOM and os.access(_MEMORY_FOLDER, os.W_OK):
            return Path(tempfile.mkdtemp(prefix="julia-aot-session-", dir=_MEMORY_FOLDER))
    return Path(tempfile.mkdtemp(prefix="julia-aot-session-"))


class SharedArrays:
    """The windows of a session, as files of ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        # Open for good: whatever the worker does to the names, these are the files.
        self._to = os.open(folder / ".to-julia", flags, 0o600)
        self._from = os.open(folder / ".from-julia", flags, 0o600)
        self._used = 0

    def share(self, array: np.ndarray[Any, Any]) -> int | None:
        """Write a Fortran-ordered array into the window; where it lies, or ``None`` for a small one.

        Raises ``WorkerError`` when there is no room.
        """
        if array.nbytes < SHARED_BYTES:
            return None
        place = self._used
        self._used += -(-array.nbytes // _ALIGNMENT) * _ALIGNMENT
        view = array.reshape(-1, order="F").view(np.uint8).data.cast("B")
        done = 0
        try:
            while done < array.nbytes:
                done += os.pwrite(self._to, view[done:], place + done)
        except OSError as error:
            raise WorkerError(
                f"no room for a shared array of {array.nbytes >> 20} MiB in {self.folder}: {error.strerror}",
                remedy="free memory, or send the array in parts",
            ) from error
        return place

    def read_back(self, place: int, array: np.ndarray[Any, Any]) -> None:
        """Copy into ``array`` what the worker has put back in its place."""
        little = array.dtype.newbyteorder("<")
        if array.flags.f_contiguous and array.dtype == little:
            self._fill(self._to, place, array)
        else:
            array[...] = self._fill(self._to, place, np.empty(array.shape, little, order="F"))

    def fetch(self, place: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        """The elements of a result. Raises ``MalformedValueError``."""
        size = math.prod(shape) * dtype.itemsize
        if size > os.fstat(self._from).st_size:
            raise MalformedValueError("a shared array is cut short")
        return self._fill(self._from, place, np.empty(shape, dtype, order="F"))

    def _fill(self, window: int, place: int, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        view = array.reshape(-1, order="F").view(np.uint8).data.cast("B")
        done = 0
        while done < array.nbytes:
            got = os.preadv(window, [view[done:]], place + done)
            if not got:
                raise MalformedValueError("a shared array is cut short")
            done += got
        return array

    def clear(self) -> None:
        """The request is over: give back memory above what is kept. Julia has its own copies."""
        if self._used > KEPT_BYTES:
            os.ftruncate(self._to, KEPT_BYTES)
        self._used = 0

    def close(self) -> None:
        """Remove the windows and the folder."""
        os.close(self._to)
        os.close(self._from)
        shutil.rmtree(self.folder, ignore_errors=True)
