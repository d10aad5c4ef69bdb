"""An evaluation task, and telling which form a path holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jupyter_julia_aot.errors import BenchError
from jupyter_julia_aot.records import Oracle, Prompt

Suite = Literal["basic", "plus"]
SUITES: tuple[Suite, ...] = ("basic", "plus")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to write, and how it is judged.

    ``prompt.oracle`` stays ``None``: a model must not see what it is judged by.
    """

    id: str
    prompt: Prompt
    oracle: Oracle
    source: str
    """File (and line) it came from, for messages."""
    given: str = ""
    """Text that a raw completion continues (MultiPL-E); ``""`` when there is none."""
    stop: tuple[str, ...] = ()
    """Texts at which a raw completion ends."""
    program: bool = False
    """Whether a whole program from stdin to stdout is asked for, not a function."""
    reference: str = ""
    """A solution that passes, when the task set has one."""
    wrong: tuple[tuple[str, str], ...] = ()
    """``(file name, code)`` of solutions that must not pass."""
    tags: tuple[str, ...] = ()


def bundled_tasks() -> Path:
    """The folder of the tasks that come with the package."""
    return Path(__file__).parent / "tasks"


def load_tasks(path: Path | str = "", suite: Suite = "basic") -> tuple[Task, ...]:
    """The tasks at ``path``, in the file's order (folders: sorted); ``""``: those of the package.

    Understands MultiPL-E and McEval JSONL, JSONL of stdin/stdout tasks, HumanEval.jl's folder
    (where ``suite`` chooses its tests) and our own folders. Raises :class:`BenchError` that says
    what is wrong, and in which file and line.
    """
    from jupyter_julia_aot.bench import folders, jsonl

    path = Path(path) if path else bundled_tasks()
    if suite not in SUITES:
        raise BenchError(f"unknown suite {suite!r}", remedy=f"suites are: {', '.join(SUITES)}")
    if not path.exists():
        raise BenchError(f"{path}: no such file or folder", remedy="give a task file or folder")
    if path.is_file():
        tasks = jsonl.load(path)
    elif (path / "src" / "tasks").is_dir():
        tasks = folders.load_humaneval(path, suite)
    else:
        tasks = folders.load_own(path)
    if not tasks:
        raise BenchError(f"{path}: holds no tasks", remedy="give a task file or folder")
    seen: dict[str, str] = {}
    for task in tasks:
        if task.id in seen:
            raise BenchError(
                f"{task.source}: task id {task.id!r} is also in {seen[task.id]}", remedy="rename one of them"
            )
        seen[task.id] = task.source
    return tasks


def read_text(path: Path) -> str:
    """A UTF-8 file. Raises :class:`BenchError` when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BenchError(f"{path}: {error.strerror or error}", remedy="check the path") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BenchError(f"{path}, line {line}: not UTF-8", remedy="save the file as UTF-8") from error


def json_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """``(place, object)`` of each line that is not blank. Raises :class:`BenchError`."""
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        place = f"{path}, line {number}"
        try:
            value = json.loads(line)
        except ValueError as error:
            raise BenchError(f"{place}: not JSON ({error})", remedy="one JSON object per line") from error
        if not isinstance(value, dict):
            raise BenchError(f"{place}: not a JSON object", remedy="one JSON object per line")
        yield place, value


def field(place: str, data: dict[str, Any], name: str, kind: type, default: Any = ...) -> Any:
    """``data[name]``, checked to be a ``kind``. Raises :class:`BenchError` naming ``place``."""
    if name not in data:
        if default is not ...:
            return default
        raise BenchError(f"{place}: field {name!r} is missing", remedy=f"add {name!r}")
    value = data[name]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BenchError(
            f"{place}: field {name!r} is {type(value).__name__}, not {kind.__name__}",
            remedy=f"correct {name!r}",
        )
    return value
