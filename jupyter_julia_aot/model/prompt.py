"""From a :class:`Prompt` to what is sent to the model.

Order matters for the server's prefix cache: what is the same for every task comes first (system
text, examples), then what is the same for the session (context), then the task, and what changes
from round to round last. Nothing volatile (time, ids) is ever part of it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from jupyter_julia_aot.model.definitions import definitions
from jupyter_julia_aot.model.fewshot import EXAMPLES, STOP
from jupyter_julia_aot.model.sampling import prompt_style
from jupyter_julia_aot.model.signatures import examples, signature
from jupyter_julia_aot.model.types import Message, Request
from jupyter_julia_aot.records import Candidate, ModelInfo, Prompt, Sampling, Trial

_LONGEST_FEEDBACK = 2000
"""Characters of error text that go back to the model: enough for a message and its line."""

_FEWEST_CHARACTERS_PER_TOKEN = 2.5
"""Of Julia code, with the tokenizers of small models; larger ones do better."""

_LONGEST_COMPLETION = 192
"""Tokens of one raw completion."""

_LONGEST_REMINDER = 160
"""Characters that remind a small model of what it got wrong."""

SYSTEM = """\
You write Julia functions. Answer with exactly one fenced ```julia block that holds the complete \
code, and nothing else: no explanation, no tests, no example calls, no printing.

Rules of Julia that differ from Python:
- Arrays and strings start at index 1; `v[end]` is the last element; `a:b` includes b.
- `x^2` is a power, `÷` is integer division, `/` always gives a float, `%` is the remainder.
- `length(v)`, `push!(v, x)`, `pop!(v)`, `string(a, b)` or `a * b` joins strings, `"$x"` interpolates.
- `true`, `false`, `nothing`; `&&`, `||`, `!`; `elseif`; every block is closed by `end`.
- `'a'` is one character, `"a"` is a string. Strings are UTF-8: use `collect(s)`, `eachindex(s)` or \
`for c in s`, not `s[i]` with computed i.
- Broadcast with dots: `sin.(x)`, `x .+ 1`. `sum(f, v)`, `maximum(v)`, `any`, `all`, `map`, `filter` exist.
- Use only Base and the standard library. Do not type arguments more narrowly than asked."""

_REACTANT = """\
The function will be compiled by Reactant.jl: it must trace. Work on whole arrays with broadcasting, \
`map`, `sum` and linear algebra; no scalar indexing, no branches on array values, no mutation of \
arguments, no loops whose length depends on values."""


def build_request(prompt: Prompt, info: ModelInfo, sampling: Sampling) -> Request:
    """The first request for ``prompt``, as a chat or, for small models, as text to continue."""
    if prompt_style(info.model) == "completion":
        return _completion(prompt, info, sampling)
    return _chat(prompt, info, sampling)


def repair_request(
    prompt: Prompt, candidate: Candidate, trial: Trial, info: ModelInfo, sampling: Sampling
) -> Request:
    """A request to correct ``candidate``, with what its ``trial`` showed.

    It begins with exactly the text of the first request, so that the server's cache holds it.
    """
    if prompt_style(info.model) == "completion":
        return _completion(prompt, info, sampling, trial)
    first = _chat(prompt, info, sampling)
    answer = Message(role="assistant", content=f"```julia\n{candidate.code.strip()}\n```")
    complaint = Message(
        role="user",
        content=f"{feedback(trial)}\n\nCorrect it. Answer with the whole corrected code in one "
        "```julia block, nothing else.",
    )
    return replace(first, messages=(*(first.messages or ()), answer, complaint))


def feedback(trial: Trial) -> str:
    """What a trial showed, in words for the model, cut at 2,000 characters."""
    fault = trial.error
    where = f" at line {fault.line}" if fault is not None and fault.line is not None else ""
    what = f"{fault.type}{where}: {fault.message}" if fault is not None else ""
    sentence = {
        "passed": "The code passed all tests.",
        "failed": "The code runs, but these tests do not hold:",
        "error": "The code raised an error:",
        "syntax": "The code is not valid Julia:",
        "timeout": "The code did not finish in time: it is too slow or loops forever.",
        "memory": "The code used too much memory.",
        "crashed": "The code crashed the process.",
        "blocked": "The code tried something that is not allowed here (network, files, processes):",
    }[trial.verdict]
    parts = [sentence, *trial.failures, what]
    text = "\n".join(part for part in parts if part)
    return text if len(text) <= _LONGEST_FEEDBACK else text[: _LONGEST_FEEDBACK - 2] + " …"


def _clipped(prompt: Prompt, info: ModelInfo, sampling: Sampling, used: int) -> str:
    """The session's code, without its oldest definitions when it would not fit the context.

    ``used``: characters of the texts before it. The answer, the task and as much again for repairs
    are kept free.
    """
    context = prompt.context.strip()
    if info.context_tokens is None:
        return context
    tokens = info.context_tokens - (sampling.max_tokens or 0)
    task = len(prompt.request) + len(prompt.oracle.source if prompt.oracle else "")
    room = int(tokens * _FEWEST_CHARACTERS_PER_TOKEN) - used - 2 * task - 2 * _LONGEST_FEEDBACK
    if len(context) <= room:
        return context
    note = "# (earlier code is left out here)\n"
    kept = ""
    for definition in reversed(definitions(context)):
        piece = context[definition.start : definition.end].strip("\n")
        if len(note) + len(piece) + len(kept) + 2 > room:
            break
        kept = f"{piece}\n\n{kept}" if kept else piece
    return note + kept


# ---------------------------------------------------------------- chat


def _chat(prompt: Prompt, info: ModelInfo, sampling: Sampling) -> Request:
    system = f"{SYSTEM}\n\n{_REACTANT}" if prompt.reactant else SYSTEM
    context = _clipped(prompt, info, sampling, len(system))
    head = signature(prompt)
    parts: list[str] = []
    if context:
        defined = f"```julia\n{context}\n```"
        parts.append(f"This code is already defined; use it, do not repeat it:\n{defined}")
    called = f"`{head}`" if head else f"called `{prompt.name}`"
    parts.append(f"Write a Julia function {called}:\n{prompt.request.strip()}")
    shown = examples(prompt.oracle)
    if shown and prompt.oracle is not None:
        language = prompt.oracle.language
        parts.append(f"It must pass:\n```{language}\n" + "\n".join(shown) + "\n```")
    return Request(
        messages=(Message(role="system", content=system), Message(role="user", content="\n\n".join(parts))),
        sampling=sampling,
        given=f"function {head}\n" if head else "",
    )


# ---------------------------------------------------------------- raw completion


def _completion(prompt: Prompt, info: ModelInfo, sampling: Sampling, failed: Trial | None = None) -> Request:
    head = signature(prompt)
    given = f"function {head}" if head else f"function {prompt.name}("
    context = _clipped(prompt, info, sampling, len(EXAMPLES))
    context = f"{context}\n\n" if context else ""
    description = prompt.request.strip()
    if failed is not None:
        description += f"\n{_reminder(failed)}"
    description = description.replace('"""', "'''")
    text = f'{EXAMPLES}{context}"""\n{description}\n"""\n'
    # A small model that has not ended a short function by then has lost its way.
    longest = min(sampling.max_tokens or _LONGEST_COMPLETION, _LONGEST_COMPLETION)
    return Request(text=text + given, sampling=replace(sampling, max_tokens=longest), stop=STOP, given=given)


def _reminder(trial: Trial) -> str:
    """One line for the docstring: the check that failed first, else what was wrong.

    The wrong code is left out: a small model writes on in the way it sees. Shown in a comment it even
    answered nothing at all, because a comment is where its answer stops.
    """
    if trial.failures:
        check = trial.failures[0].strip().splitlines()[0]
        return f"It must hold: {re.sub(r'^line [0-9]+: ', '', check)[:_LONGEST_REMINDER]}"
    said = " ".join(feedback(trial).split())
    return f"Mind: {said[:_LONGEST_REMINDER]}"
