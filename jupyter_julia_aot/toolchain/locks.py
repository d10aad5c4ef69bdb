"""A lock between processes, and directories that appear whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_julia_aot.errors import Cancelled

_POLL_SECONDS = 0.1


@contextlib.contextmanager
def file_lock(path: Path, cancel: threading.Event | None = None) -> Iterator[bool]:
    """Hold an exclusive lock on ``path``; the kernel frees it when the holder dies.

    Yields whether it had to wait (so somebody else has just done something). Raises
    :class:`Cancelled` when ``cancel`` is set while waiting.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    waited = False
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                waited = True
                if cancel is None:
                    time.sleep(_POLL_SECONDS)
                elif cancel.wait(_POLL_SECONDS):
                    raise Cancelled(f"stopped while waiting for {path.name}") from None
        yield waited


@contextlib.contextmanager
def staging(target: Path) -> Iterator[Path]:
    """A fresh directory next to ``target`` that becomes ``target`` when the block succeeds.

    An existing ``target`` is replaced. On failure the directory is removed and ``target`` is as it
    was; a killed process leaves only a ``.new-…`` directory, which the next call removes.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for stale in target.parent.glob(f".new-{target.name}-*"):
        if not _alive(stale.name.rsplit("-", 2)[1]):
            shutil.rmtree(stale, ignore_errors=True)
    fresh = target.parent / f".new-{target.name}-{os.getpid()}-{secrets.token_hex(4)}"
    fresh.mkdir()
    try:
        yield fresh
        replace_directory(fresh, target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def replace_directory(fresh: Path, target: Path) -> None:
    """Rename ``fresh`` to ``target``, moving an existing ``target`` out of the way first."""
    try:
        fresh.rename(target)
    except OSError:
        if not target.exists():
            raise
        old = Path(tempfile.mkdtemp(prefix=f".old-{target.name}-", dir=target.parent))
        target.rename(old / "gone")
        fresh.rename(target)
        shutil.rmtree(old, ignore_errors=True)


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file so that a reader sees the old or the new text, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        fresh.write_text(json.dumps(value, indent=1), encoding="utf-8")
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
