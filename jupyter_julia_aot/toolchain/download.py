"""Download one file: resumed where it broke off, checked against its SHA-256, whole or not there."""

from __future__ import annotations

import hashlib
import http.client
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from jupyter_julia_aot.errors import Cancelled, InstallError

STALL_SECONDS = 30.0
_CHUNK = 1 << 16


def download(
    url: str,
    target: Path,
    sha256: str,
    *,
    progress: Callable[[int], None] = lambda _bytes: None,
    cancel: threading.Event | None = None,
    stall_seconds: float = STALL_SECONDS,
) -> Path:
    """Fetch ``url`` to ``target``; ``progress`` gets the bytes there are so far.

    What an earlier, broken attempt left in ``target``'s ``.part`` file is continued. Raises
    :class:`InstallError` when the server cannot be reached, sends nothing for ``stall_seconds``, or
    the checksum is wrong (the file is then deleted), :class:`Cancelled` when ``cancel`` is set.
    """
    if target.is_file() and file_sha256(target) == sha256:
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    try:
        _fetch(url, part, progress, cancel, stall_seconds)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise InstallError(
            f"{target.name} could not be downloaded: {reason}",
            remedy="try again; what was fetched is kept",
        ) from error
    found = file_sha256(part)
    if found != sha256:
        part.unlink()
        raise InstallError(
            f"{target.name} has the wrong checksum ({found[:12]}…, expected {sha256[:12]}…)",
            remedy="try again",
        )
    part.replace(target)
    return target


def _fetch(
    url: str,
    part: Path,
    progress: Callable[[int], None],
    cancel: threading.Event | None,
    stall_seconds: float,
) -> None:
    if url.split(":", 1)[0] not in ("https", "http"):
        raise ValueError(f"not a web address: {url}")
    have = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})  # noqa: S310
    try:
        response = urllib.request.urlopen(request, timeout=stall_seconds)  # noqa: S310 - checked above
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:  # nothing is missing
            return
        raise
    with response, part.open("ab" if response.status == 206 else "wb") as file:
        while chunk := response.read(_CHUNK):
            if cancel is not None and cancel.is_set():
                raise Cancelled("the download was stopped; what was fetched is kept")
            file.write(chunk)
            progress(file.tell())
        if response.length:  # reading in pieces does not notice that the rest is missing
            raise http.client.IncompleteRead(b"", response.length)


def file_sha256(path: Path) -> str:
    """The file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
