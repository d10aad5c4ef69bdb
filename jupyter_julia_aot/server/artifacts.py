"""Artifacts the history knows: listing them, checking a file before it leaves, deleting."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_julia_aot.history import BuildEntry, History
from jupyter_julia_aot.records import to_json
from jupyter_julia_aot.server.validate import RequestError

CHUNK_BYTES = 1 << 20


def listing(history: History) -> list[dict[str, Any]]:
    """Builds newest first, one per artifact, with what is on disk now."""
    return [_view(entry) for entry in _entries(history)]


def _view(entry: BuildEntry) -> dict[str, Any]:
    path = Path(entry.result.artifact.path)
    return {
        "run_id": entry.run_id,
        "at": entry.at,
        "notebook": entry.notebook,
        "result": to_json(entry.result),
        "recipe": None if entry.recipe is None else to_json(entry.recipe),
        "exists": path.is_file(),
    }


def find(history: History, artifact_id: str) -> BuildEntry:
    """The newest build of an artifact. Raises :class:`RequestError` (404) when there is none."""
    for entry in _entries(history):
        if entry.result.artifact.id == artifact_id:
            return entry
    raise RequestError(f"no artifact {artifact_id!r} in the history", field="id", status=404)


def checked_file(entry: BuildEntry) -> Path:
    """The artifact's file, after comparing it with the checksum of its build.

    Raises :class:`RequestError`: 404 when the file is gone, 409 when it was changed.
    """
    artifact = entry.result.artifact
    path = Path(artifact.path)
    if not path.is_file():
        raise RequestError(
            f"{artifact.name} is no longer on disk", field="id", status=404, remedy="build it again"
        )
    digest = hashlib.sha256()
    for chunk in chunks(path):
        digest.update(chunk)
    if digest.hexdigest() != artifact.sha256:
        raise RequestError(
            f"{path.name} was changed since it was built", field="id", status=409, remedy="build it again"
        )
    return path


def chunks(path: Path) -> Iterator[bytes]:
    """The file's bytes, piece by piece."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def delete(history: History, artifact_id: str) -> None:
    """Delete the artifact's file, and its run from the history when that only built it."""
    entry = find(history, artifact_id)
    path = Path(entry.result.artifact.path)
    if path.is_file():
        checked_file(entry).unlink()
    for known in list(_entries(history, unique=False)):
        if known.result.artifact.id == artifact_id and history.run(known.run_id).summary.kind == "build":
            history.delete(known.run_id)


def prune(history: History) -> int:
    """Forget build-only runs whose artifact is gone from disk; returns how many."""
    gone = {e.run_id for e in _entries(history, unique=False) if not Path(e.result.artifact.path).is_file()}
    forgotten = [run_id for run_id in gone if history.run(run_id).summary.kind == "build"]
    for run_id in forgotten:
        history.delete(run_id)
    return len(forgotten)


def _entries(history: History, *, unique: bool = True) -> Iterator[BuildEntry]:
    seen: set[str] = set()
    for entry in history.builds(limit=-1):
        if unique and entry.result.artifact.id in seen:
            continue
        seen.add(entry.result.artifact.id)
        yield entry
