"""Task sets in folders: HumanEval.jl, and our own form.

Ours has one folder per task, named by its id: ``task.toml`` (``name``: the function, ``tags``,
optionally ``signature``), ``prompt.md``, ``oracle.jl``, optionally ``reference.jl`` and any
number of ``wrong_*.jl``.
"""

from __future__ import annotations

import re
import textwrap
import tomllib
from pathlib import Path
from typing import Any

from jupyter_julia_aot.bench.task import Suite, Task, field, read_text
from jupyter_julia_aot.errors import BenchError
from jupyter_julia_aot.records import Oracle, Prompt

_TESTITEM = re.compile(r"@testitem\b[^\n]*\bbegin[ \t]*\n(.*)^end\b", re.DOTALL | re.MULTILINE)
_INCLUDE = re.compile(r"^[ \t]*include\(joinpath\(ENV\[\"GENERATION_DIR\"\][^\n]*\n", re.MULTILINE)


def load_own(path: Path) -> tuple[Task, ...]:
    """The tasks in the folders of ``path``, or the one that ``path`` itself is."""
    if (path / "task.toml").is_file():
        return (_own(path),)
    return tuple(_own(p) for p in sorted(path.iterdir()) if p.is_dir() and not p.name.startswith((".", "__")))


_KNOWN = frozenset({"name", "tags", "signature"})


def _own(folder: Path) -> Task:
    place = folder / "task.toml"
    try:
        data: dict[str, Any] = tomllib.loads(read_text(place))
    except tomllib.TOMLDecodeError as error:
        raise BenchError(f"{place}: {error}", remedy="correct the TOML") from error
    unknown = sorted(set(data) - _KNOWN)
    if unknown:
        raise BenchError(
            f"{place}: unknown field {unknown[0]!r}", remedy=f"fields are: {', '.join(sorted(_KNOWN))}"
        )
    reference = folder / "reference.jl"
    return Task(
        id=folder.name,
        prompt=Prompt(
            name=field(str(place), data, "name", str),
            request=_filled(folder / "prompt.md"),
            signature=field(str(place), data, "signature", str, None),
        ),
        oracle=Oracle(source=_filled(folder / "oracle.jl"), name=str(folder / "oracle.jl")),
        source=str(folder),
        reference=read_text(reference) if reference.exists() else "",
        wrong=tuple((p.name, read_text(p)) for p in sorted(folder.glob("wrong_*.jl"))),
        tags=tuple(str(t) for t in field(str(place), data, "tags", list, [])),
    )


def _filled(path: Path) -> str:
    text = read_text(path)
    if not text.strip():
        raise BenchError(f"{path}: the file is empty", remedy="write it or delete the task")
    return text


def load_humaneval(path: Path, suite: Suite) -> tuple[Task, ...]:
    """HumanEval.jl's tasks: ``src/tasks/NNN_name.jl`` with the tests of the ``suite``.

    ``plus`` means the basic tests and EvalPlus's together (a few tasks have no EvalPlus file).
    """
    files = sorted((path / "src" / "tasks").glob("*.jl"))
    return tuple(_humaneval(path, file, suite) for file in files)


def _humaneval(root: Path, file: Path, suite: Suite) -> Task:
    stem = file.stem
    number, _, name = stem.partition("_")
    if not number.isdigit() or not name:
        raise BenchError(f"{file}: the name is not NNN_function.jl", remedy="rename the file")
    text = read_text(file)
    definitions = re.compile(rf"^(?:function\s+)?{re.escape(name)}\s*[({{]", re.MULTILINE)
    # The docstring itself often shows the signature: an odd number of quotes lies before that one.
    first = next((m for m in definitions.finditer(text) if text.count('"""', 0, m.start()) % 2 == 0), None)
    if first is None:
        raise BenchError(f"{file}: does not define `{name}`", remedy="correct the file or its name")
    before = text[: first.start()].rstrip()
    begin = before.rfind('"""', 0, max(0, len(before) - 3)) if before.endswith('"""') else -1
    if begin < 0:
        line = text.count("\n", 0, first.start()) + 1
        raise BenchError(f"{file}, line {line}: `{name}` has no docstring", remedy="add one above it")
    parts = [_tests(root / "test" / "basic" / f"{stem}_test.jl")]
    if suite == "plus":
        parts += [_tests(p) for p in sorted((root / "test" / "evalplus").glob(f"{stem}_*.jl"))]
    return Task(
        id=stem,
        prompt=Prompt(
            name=name,
            request=textwrap.dedent(before[begin + 3 : -3]).strip(),
            context=before[:begin].strip(),
        ),
        oracle=Oracle(source="using Test\n" + "\n".join(parts), name=f"{stem} ({suite})"),
        source=str(file),
        given=before[begin:] + "\n",
        reference=text,
    )


def _tests(path: Path) -> str:
    """The body of the file's ``@testitem`` without the line that includes the solution."""
    text = read_text(path)
    if not text.endswith("\n"):
        text += "\n"
    item = _TESTITEM.search(text)
    if item is None:
        raise BenchError(f"{path}: has no `@testitem … begin … end`", remedy="correct the file")
    return textwrap.dedent(_INCLUDE.sub("", item.group(1)))
