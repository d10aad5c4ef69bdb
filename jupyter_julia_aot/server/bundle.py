"""A bundle as one ZIP file, made while it is sent: nothing is stored in between."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from jupyter_julia_aot.history import BuildEntry
from jupyter_julia_aot.server.artifacts import checked_file, chunks
from jupyter_julia_aot.server.validate import RequestError


class _Pipe:
    """What a ZIP writer needs of a file, keeping the bytes until they are taken."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self._position = 0

    def write(self, data: bytes) -> int:
        self._waiting.append(bytes(data))
        self._position += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def tell(self) -> int:
        return self._position

    def take(self) -> bytes:
        """What was written since the last call."""
        data = b"".join(self._waiting)
        self._waiting.clear()
        return data


def bundle_files(entry: BuildEntry) -> list[Path]:
    """The artifact and the libraries that its build put beside it, by path.

    Only names that the history knows count, so that nothing else in a folder is sent along.
    Raises :class:`RequestError`: 404 when a file is gone, 409 when one was changed or there is no bundle.
    """
    artifact = entry.result.artifact
    target = checked_file(entry)
    wanted = {library.name: library.bytes for library in artifact.libraries if library.bundled}
    if not wanted:
        raise RequestError(
            f"{artifact.name} was built without a bundle",
            field="id",
            status=409,
            remedy="build it with --bundle",
        )
    folder = target.parent
    beside = [p for p in sorted(folder.rglob("*")) if p.is_file() and p != target]
    found = [p for p in beside if p.name in wanted and not p.is_symlink()]
    missing = sorted(wanted.keys() - {p.name for p in found})
    if missing:
        raise RequestError(
            f"{missing[0]} is no longer in the bundle of {artifact.name}",
            field="id",
            status=404,
            remedy="build it again",
        )
    changed = [p.name for p in found if p.stat().st_size != wanted[p.name]]
    if changed:
        raise RequestError(
            f"{changed[0]} was changed since it was built", field="id", status=409, remedy="build it again"
        )
    # Other names of the same files: a program asks for libjulia.so.1, which is a link.
    links = [p for p in beside if p.is_symlink() and p.resolve() in found]
    return [target, *found, *links]


def zipped(entry: BuildEntry, files: list[Path]) -> Iterator[bytes]:
    """The bytes of a ZIP file with ``files`` under one folder, permissions and links kept."""
    pipe = _Pipe()
    root = files[0].parent
    name = entry.result.artifact.name
    # The pipe cannot seek, so sizes follow each file; ZIP readers of this century know that.
    stream: IO[bytes] = pipe  # type: ignore[assignment]
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in files:
            info = zipfile.ZipInfo.from_file(
                path, f"{name}/{path.relative_to(root)}", strict_timestamps=False
            )
            info.compress_type = zipfile.ZIP_DEFLATED
            if path.is_symlink():
                info.external_attr = (stat.S_IFLNK | 0o777) << 16
                archive.writestr(info, str(path.readlink()))
                yield pipe.take()
                continue
            with archive.open(info, "w") as member:
                for chunk in chunks(path):
                    member.write(chunk)
                    yield pipe.take()
    yield pipe.take()
