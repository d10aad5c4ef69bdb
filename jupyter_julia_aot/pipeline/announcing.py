"""Long work of a command line, made visible to the side panel.

Each piece of work is a directory ``<data>/jobs/ID`` with ``job.json``, the lines it said
(``stderr``) and, at the end, its ``exit`` code: the form in which the panel keeps the work it
starts itself, so that both are listed and stopped alike.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from jupyter_julia_aot.records import new_id
from jupyter_julia_aot.settings import data_dir

STARTED_BY_PANEL = "JULIA_AOT_JOB"
"""Environment variable of work that the panel started and so knows already."""

FAILED = 2
INTERRUPTED = 130


class Outcome:
    """How the work ended; ``exit_code`` stands for a failure until somebody says otherwise."""

    exit_code = FAILED


@contextmanager
def announced(verb: str, title: str) -> Iterator[tuple[Callable[[str], None], Outcome]]:
    """``(say, outcome)``: lines given to ``say`` appear in the panel while the block runs."""
    outcome = Outcome()
    folder = None if os.environ.get(STARTED_BY_PANEL) else _begin(verb, title)
    if folder is None:
        yield lambda line: None, outcome
        return
    log = folder / "stderr"

    def say(line: str) -> None:
        try:
            with log.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError:
            return  # taken off the list, or a full disk: the work itself does not depend on it

    try:
        yield say, outcome
    except KeyboardInterrupt:
        outcome.exit_code = INTERRUPTED
        raise
    finally:
        with suppress(OSError):  # as above
            _write(folder / "exit", str(outcome.exit_code))


def _begin(verb: str, title: str) -> Path | None:
    """The directory, or ``None`` where none can be made: work goes on unseen then."""
    folder = data_dir() / "jobs" / new_id()
    pid = os.getpid()
    description = {"verb": verb, "title": title, "argv": sys.argv, "started": time.time(), "pid": pid}
    try:
        folder.mkdir(parents=True, mode=0o700)
        _write(folder / "child", str(pid))
        _write(folder / "job.json", json.dumps(description))
    except OSError:
        return None
    return folder


def _write(path: Path, text: str) -> None:
    """Write so that a reader sees all of it or none."""
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
