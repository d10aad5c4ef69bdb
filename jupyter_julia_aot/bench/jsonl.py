"""Task sets in JSON lines: MultiPL-E, McEval, stdin/stdout programs."""

from __future__ import annotations

import math
import re
import textwrap
from pathlib import Path
from typing import Any

from jupyter_julia_aot.bench.programs import program_oracle
from jupyter_julia_aot.bench.task import Task, field, json_lines
from jupyter_julia_aot.errors import BenchError
from jupyter_julia_aot.records import Oracle, Prompt

_SIGNATURE = re.compile(r"^function\s+(([^\W\d]\w*!?)\s*\(.*)$", re.MULTILINE)
_DOCSTRING = re.compile(r'"""(.*?)"""', re.DOTALL)
_ASSERT = re.compile(r"^([ \t]*)@assert\b", re.MULTILINE)


def load(path: Path) -> tuple[Task, ...]:
    """The tasks of a file; each line may be of another form. Raises :class:`BenchError`."""
    return tuple(_task(place, data) for place, data in json_lines(path))


def _task(place: str, data: dict[str, Any]) -> Task:
    if "test_cases" in data:
        return _program(place, data)
    if "entry_point" in data:
        return _mceval(place, data)
    if "tests" in data:
        return _multipl_e(place, data)
    raise BenchError(
        f"{place}: none of the known forms (fields: {', '.join(sorted(data)) or 'none'})",
        remedy="MultiPL-E has name, prompt and tests; McEval has task_id, entry_point and test; "
        "programs have task_id, prompt and test_cases",
    )


def _multipl_e(place: str, data: dict[str, Any]) -> Task:
    """``name, language, prompt, tests, stop_tokens``: the prompt is a docstring and a header."""
    language = field(place, data, "language", str, "jl")
    if language not in {"jl", "julia"}:
        raise BenchError(
            f"{place}: language is {language!r}, not 'jl'", remedy="take the Julia file of MultiPL-E"
        )
    given = field(place, data, "prompt", str)
    headers = list(_SIGNATURE.finditer(given))
    if not headers:
        raise BenchError(f"{place}: field 'prompt' has no `function` line", remedy="correct 'prompt'")
    header = headers[-1]
    doc = _DOCSTRING.search(given)
    stop = field(place, data, "stop_tokens", list, [])
    return Task(
        id=field(place, data, "name", str),
        prompt=Prompt(
            name=header.group(2),
            request=_dedent(doc.group(1) if doc else given[: header.start()]),
            signature=header.group(1).strip(),
            context=given[: doc.start()].strip() if doc else "",
        ),
        oracle=Oracle(source=field(place, data, "tests", str), name=place),
        source=place,
        given=given,
        stop=tuple(str(s) for s in stop),
    )


def _mceval(place: str, data: dict[str, Any]) -> Task:
    """``task_id, entry_point, signature, docstring, test``: checks are ``@assert`` lines."""
    tests = field(place, data, "test", str)
    if not _ASSERT.search(tests):
        raise BenchError(f"{place}: field 'test' has no @assert line", remedy="correct 'test'")
    signature = field(place, data, "signature", str, "")
    given = field(place, data, "prompt", str)
    solution = field(place, data, "canonical_solution", str, "")
    request = field(place, data, "docstring", str, "") or field(place, data, "instruction", str, "")
    return Task(
        id=field(place, data, "task_id", str),
        prompt=Prompt(
            name=field(place, data, "entry_point", str),
            request=_dedent(request or given),
            signature=re.sub(r"^function\s+", "", signature.strip()) or None,
        ),
        # As @test lines the checks are counted, and the first false one does not hide the rest.
        oracle=Oracle(source=_ASSERT.sub(r"\1@test", tests), name=place),
        source=place,
        given=given,
        reference=f"{given}\n{solution}" if solution else "",
    )


def _program(place: str, data: dict[str, Any]) -> Task:
    """``task_id`` (or ``id``), ``prompt`` (or ``question``), ``test_cases: [{input, output}]``.

    ``timeout_s`` bounds one run of the program, on one case; all cases are one trial.
    """
    identifier = data.get("task_id", data.get("id", data.get("question_id")))
    if not isinstance(identifier, (str, int)) or isinstance(identifier, bool):
        raise BenchError(f"{place}: field 'task_id' is missing", remedy="add 'task_id'")
    request = data.get("prompt", data.get("question", data.get("question_content")))
    if not isinstance(request, str):
        raise BenchError(f"{place}: field 'prompt' is missing", remedy="add 'prompt'")
    cases = field(place, data, "test_cases", list)
    if not cases:
        raise BenchError(f"{place}: field 'test_cases' is empty", remedy="add a case")
    pairs = []
    for number, case in enumerate(cases, 1):
        where = f"{place}, test case {number}"
        if not isinstance(case, dict):
            raise BenchError(f"{where}: not an object", remedy="a case is {input, output}")
        pairs.append((field(where, case, "input", str), field(where, case, "output", str)))
    return Task(
        id=str(identifier),
        prompt=Prompt(name="main", request=request.strip()),
        oracle=Oracle(source=program_oracle(pairs), name=place, seconds=_seconds(place, data, len(pairs))),
        source=place,
        program=True,
        reference=str(data.get("code") or data.get("reference") or ""),
    )


def _seconds(place: str, data: dict[str, Any], cases: int) -> float | None:
    value = data.get("timeout_s")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise BenchError(
            f"{place}: field 'timeout_s' is {value!r}, not seconds above 0", remedy="correct 'timeout_s'"
        )
    return float(value) * cases


def _dedent(text: str) -> str:
    """A docstring's text without its indentation (the first line has none)."""
    first, _, rest = text.partition("\n")
    return f"{first.strip()}\n{textwrap.dedent(rest)}".strip()
