"""Events that no database would take, as JSON lines in a file."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from jupyter_julia_aot.errors import HistoryError
from jupyter_julia_aot.records import Event, from_json, to_json


def write(events: Sequence[Event]) -> Path:
    """Write ``events`` to a new private file in the temporary directory. Raises ``OSError``."""
    handle, name = tempfile.mkstemp(prefix="julia-aot-history-", suffix=".jsonl")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        for event in events:
            file.write(json.dumps(to_json(event)) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def read(path: Path) -> tuple[Event, ...]:
    """Read such a file. Raises :class:`HistoryError` naming the line that is wrong."""
    events = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise HistoryError(f"cannot read {path}: {error}", remedy="give the file close() named") from error
    for number, line in enumerate(lines, 1):
        try:
            events.append(from_json(Event, json.loads(line)))
        except ValueError as error:
            raise HistoryError(
                f"{path}, line {number} is no event: {error}", remedy="delete that line and try again"
            ) from error
    return tuple(events)
