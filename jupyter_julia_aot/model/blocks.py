"""Fenced blocks and REPL transcripts: where in a model's answer the code is."""

from __future__ import annotations

import re
import textwrap

from jupyter_julia_aot.model.definitions import definitions
from jupyter_julia_aot.model.scan import statement_end

_FENCE = re.compile(r"(?:[ \t]{0,12}|[ \t]*>[ \t]?|[ \t]*[-*\d.]+[ \t]+)(`{3,}|~{3,})[ \t]*([^`\n]*)$")
_PROMPT = re.compile(r"[ \t]*julia>(?: |$)")


def fenced_blocks(text: str) -> list[tuple[str, str]]:
    """``(tag, body)`` of each fenced block; an unclosed one runs to the end of the text.

    Fences within a docstring (its examples) belong to the block that holds the docstring.
    """
    lines = text.split("\n")
    pairs = _docstring_fences(lines)
    blocks: list[tuple[str, str]] = []
    mark, tag, body = "", "", list[str]()
    in_docstring, inner_end = False, -1
    for at, line in enumerate(lines):
        fence = _FENCE.match(line) if len(line) < 400 else None
        if fence and not mark:
            mark, tag, body = fence.group(1), fence.group(2).strip().lower(), []
            in_docstring, inner_end = False, -1
            continue
        if not mark:
            continue
        if in_docstring and at in pairs and at > inner_end:
            inner_end = pairs[at]
        if at > inner_end and _closes(line, mark):
            blocks.append((tag, "\n".join(body)))
            mark = ""
            continue
        body.append(line)
        in_docstring ^= line.count('"""') % 2 == 1
    if mark:
        blocks.append((tag, "\n".join(body)))
    return [(_tag_word(tag), without_prompts(textwrap.dedent(body))) for tag, body in blocks]


def _closes(line: str, mark: str) -> bool:
    return line.strip().startswith(mark) and not line.strip().strip(mark[0])


def _docstring_fences(lines: list[str]) -> dict[int, int]:
    """Opening to closing line of the fences that stand between two triple quotes.

    They are part of a docstring, if those quotes are one: pairs of which the second has no tag, or a
    single fence that its author forgot to close.
    """
    pairs: dict[int, int] = {}
    since: list[tuple[int, bool]] = []
    for at, line in enumerate(lines):
        fence = _FENCE.match(line) if len(line) < 400 else None
        if line.count('"""') % 2 == 1:
            if len(since) == 1:
                pairs[since[0][0]] = since[0][0]
            elif len(since) % 2 == 0 and not any(tagged for _, tagged in since[1::2]):
                pairs.update(
                    (opening, closing)
                    for (opening, _), (closing, _) in zip(since[::2], since[1::2], strict=True)
                )
            since = []
        elif fence:
            since.append((at, bool(fence.group(2).strip())))
    return pairs


def _tag_word(tag: str) -> str:
    """``julia`` of ``{.julia}``, ``julia title="x"``, ``jldoctest``, ``julia-repl``."""
    word = re.split(r"[\s,;:={}]+", tag.strip("{}. "))[0].strip(".")
    return "julia" if word.startswith(("julia", "jl")) else word


def without_prompts(body: str) -> str:
    """``body`` without REPL prompts and results when it is a transcript.

    Behind code, a transcript is the answer's example of how to use it, and dropped.
    """
    lines = body.split("\n")
    prompts = _prompts(lines)
    first = next((at for at, prompt in enumerate(prompts) if prompt), None)
    if first is None:
        return body
    before = "\n".join(lines[:first])
    if any(d.kind in ("function", "type") for d in definitions(before)):
        return before
    kept: list[str] = []
    entry: list[str] = []
    for line, prompt in zip(lines, prompts, strict=True):
        if prompt:
            kept += entry
            entry = [line[prompt.end() :]]
        elif entry and (not line.strip() or line.startswith("       ")) and not _finished(entry):
            entry.append(line[7:])
        elif entry and not _finished(entry):
            entry.append(line)
        else:
            kept += entry
            entry = []
    return "\n".join(kept + entry)


def _prompts(lines: list[str]) -> list[re.Match[str] | None]:
    """Where a line begins with REPL prompts of a transcript; the examples in a docstring are none."""
    found: list[re.Match[str] | None] = []
    in_docstring = False
    for line in lines:
        found.append(None if in_docstring else _PROMPT.match(line))
        in_docstring ^= line.count('"""') % 2 == 1
    return found


def _finished(entry: list[str]) -> bool:
    source = "\n".join(entry)
    return statement_end(source, 0).complete
