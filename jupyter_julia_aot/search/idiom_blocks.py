"""Python's block structure in Julia's: ``def``, trailing colons, one-line bodies, missing ``end``."""

from __future__ import annotations

import re

from jupyter_julia_aot.search.masking import ANY, REMARK
from jupyter_julia_aot.search.rules import Rule, Source
from jupyter_julia_aot.search.scanning import closing, depth_after, outside, split

_OPENER = re.compile(
    r"(?<![\w.:@])(?:function|macro|if|for|while|begin|let|try|do|quote|(?:bare)?module|struct"
    r"|(?:abstract|primitive)[ \t]+type)(?!\w|[ \t]*=(?!=)|!)"
)
_END = re.compile(r"(?<![\w.:@])end(?!\w|!)")
_CONTINUES = re.compile(r"[ \t]*(?:else|elseif|elif|catch|finally|except)\b")
_KEYWORD_LINE = re.compile(r"[ \t]*(?:if|elif|elseif|else|for|while|def|function|try|except|finally|with)\b")
_PYTHON_TYPES = (
    r"(?:int|float|str|bool|list|dict|tuple|set|bytes|object|callable|any|Any|List|Dict|Tuple|Set|Optional|"
    r"Union|Iterable|Sequence|Callable|np\.ndarray)(?:\[[^=\n]*\])?"
)


def flat(line: str, depth: int) -> str:
    """``line`` with everything inside brackets blanked; ``depth`` brackets are open before it."""
    out = []
    for c in line:
        if c in "([{":
            depth += 1
            out.append(" ")
        elif c in ")]}":
            depth = max(0, depth - 1)
            out.append(" ")
        else:
            out.append(c if depth == 0 else " ")
    return "".join(out)


def _balance(line: str) -> int:
    """Blocks that a flat line opens, minus those it closes."""
    return len(_OPENER.findall(line)) - len(_END.findall(line))


def missing_ends(text: str) -> int:
    """How many more blocks ``text`` (masked) opens than it closes."""
    depth = balance = 0
    for line in text.split("\n"):
        balance += _balance(flat(line, depth))
        depth = depth_after(line, depth)
    return balance


_DEFINES = re.compile(r"^(?:function|def)[ \t]+([\w!]+)", re.MULTILINE)


def _trailing(source: Source) -> str:
    """Drops what a model went on to write when it was cut off: later functions that the wanted one
    does not mention, when blocks are left open or the rest is Python."""
    text = source.text
    found = list(_DEFINES.finditer(text))
    first = next((i for i, m in enumerate(found) if m.group(1) == source.name), None)
    if first is None or first + 1 == len(found):
        return text
    kept, rest = text[: found[first + 1].start()], text[found[first + 1].start() :]
    later = {m.group(1) for m in found[first + 1 :]}
    if source.name in later or any(re.search(rf"\b{re.escape(n)}\b", kept) for n in later):
        return text
    broken = missing_ends(text) > 0 or re.search(r"^def\b", rest, re.MULTILINE)
    return kept.rstrip() + "\n" if broken else text


def _def(source: Source) -> str:
    """``def f(x: int = 1) -> int:`` → ``function f(x = 1)``."""
    text = re.sub(
        r"^([ \t]*)(?:async[ \t]+)?def[ \t]+(?=\w+[ \t]*\()", r"\1function ", source.text, flags=re.M
    )
    for found in reversed(list(re.finditer(r"^[ \t]*function[ \t]+[\w.]+!?[ \t]*\(", text, re.M))):
        end = closing(text, found.end() - 1)
        if end < 0:
            continue
        arguments = text[found.end() : end]
        rest_end = text.find("\n", end)
        rest_end = len(text) if rest_end < 0 else rest_end
        rest = re.sub(r"^[ \t]*->[^:\n]*", "", text[end + 1 : rest_end])
        parts = [_parameter(p) for p in split(arguments)]
        if parts != split(arguments):
            arguments = ", ".join(parts)
        text = text[: found.end()] + arguments + ")" + rest + text[rest_end:]
    return text


def _parameter(part: str) -> str:
    found = re.fullmatch(r"(\*{0,2})(\w+)[ \t]*:(?!:)[ \t]*([^=]+?)[ \t]*(=.*)?", part, re.S)
    if found is None:
        return part
    _, name, kind, default = found.groups()
    # Python's annotations bind nothing; Julia's would reject what the annotation does not name.
    declared = "" if re.fullmatch(_PYTHON_TYPES, kind) else f"::{kind}"
    return f"{name}{declared}" + (f" {default}" if default else "")


def _annotations(source: Source) -> str:
    return re.sub(
        rf"^([ \t]*[^\W\d]\w*)[ \t]*:[ \t]*{_PYTHON_TYPES}[ \t]*(?==(?!=))", r"\1 ", source.text, flags=re.M
    )


def _colons(source: Source) -> str:
    """``if x:`` → ``if x``; no valid Julia line that starts a block ends in a colon."""
    lines = source.text.split("\n")
    depth, header = 0, False
    for i, line in enumerate(lines):
        # A header may be spread over several lines: the colon is on the last of them.
        header = bool(_KEYWORD_LINE.match(line)) if depth == 0 else header
        depth = depth_after(line, depth)
        if header and depth == 0:
            lines[i] = re.sub(rf"(?<![<>:])[ \t]*:([ \t]*(?:{REMARK})?[ \t]*)$", r"\1", line)
    return "\n".join(lines)


_ONE_LINE = re.compile(r"([ \t]*)(if|elif|elseif|else|while|for|try|except|finally)\b")
_GLUED = re.compile(r":(?=\w+[ \t]*[-+*/]?=(?!=)|return\b)")
_STATEMENT = re.compile(
    r"(?:return|break|continue|pass|nothing|raise|throw|error|print|push!)\b"
    rf"|[\w.\[\]]+[ \t]*[-+*/]?=(?!=)|\w+!?\(|{ANY}"
)


def _one_line_bodies(source: Source) -> str:
    """``if c: return x`` → three lines."""
    out: list[str] = []
    for line in source.text.split("\n"):
        head = _ONE_LINE.match(line)
        colon = None
        if head:
            separator = (
                r"(?<![\s:?<>]):[ \t]*(?=\S)"
                if head.group(2) in {"else", "try", "finally"}
                else r"(?<![\s:?<>]):[ \t]+(?=\S)"
            )
            # "for c in s:n += 1": no range is assigned to.
            colon = outside(line, re.compile(separator)) or outside(line, _GLUED)
        if head is None or colon is None or not _STATEMENT.match(line, colon.end()) or "?" in line:
            out.append(line)
            continue
        out.append(line[: colon.start()].rstrip())
        out.append(f"{head.group(1)}    {line[colon.end() :]}")
    return "\n".join(out)


def _ends(source: Source) -> str:
    """Adds the ``end`` that indentation implies, when there are fewer of them than blocks."""
    text = source.text
    if missing_ends(text) <= 0 or re.search(r"^\S*;[ \t]*end", text):
        return text
    lines = text.split("\n")
    out: list[str] = []
    stack: list[tuple[int, bool]] = []  # indentation of each open block, and whether its body is deeper
    depth = 0
    for i, line in enumerate(lines):
        bare = flat(line, depth)
        if depth == 0 and line.strip() and not re.fullmatch(rf"[ \t]*(?:{REMARK})?[ \t]*", line):
            _close(out, stack, _indent(line), bare)
        opened = _balance(bare)
        if depth == 0 and opened > 0:
            deeper = _next_indent(lines, i) > _indent(line)
            stack.extend([(_indent(line), deeper)] * opened)
        elif opened < 0:
            del stack[opened:]
        depth = depth_after(line, depth)
        out.append(line)
    while out and not out[-1].strip():
        out.pop()
    for indent, _ in reversed(stack):
        out.append(" " * indent + "end")
    return "\n".join(out) + ("\n" if text.endswith("\n") else "")


def _close(out: list[str], stack: list[tuple[int, bool]], indent: int, bare: str) -> None:
    """Close the blocks whose body ended before a line of this indentation."""
    ends = bool(re.match(r"[ \t]*end\b", bare))
    goes_on = bool(_CONTINUES.match(bare))
    while stack:
        block, deeper = stack[-1]
        # "end", "else", … at the block's own indentation belong to it.
        if not deeper or indent > block or (indent == block and (ends or goes_on)):
            return
        if len(stack) == 1 and ends:
            return
        _insert(out, " " * block + "end")
        stack.pop()


def _insert(out: list[str], line: str) -> None:
    """Append ``line`` before the blank lines that ``out`` ends with."""
    at = len(out)
    while at and not out[at - 1].strip():
        at -= 1
    out.insert(at, line)


def _indent(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())


def _next_indent(lines: list[str], i: int) -> int:
    for line in lines[i + 1 :]:
        if line.strip():
            return _indent(line)
    return -1


HEADS: tuple[Rule, ...] = (
    Rule("trailing code", "unfinished functions after the wanted one dropped", _trailing),
    Rule("def", "`def` became `function`, Python's type hints dropped", _def),
    Rule("annotations", "type hints of variables dropped", _annotations),
)

BLOCKS: tuple[Rule, ...] = (
    Rule("one-line bodies", "`if c: …` spread over lines", _one_line_bodies),
    Rule("colons", "the `:` at the end of block headers dropped", _colons),
)

ENDS: tuple[Rule, ...] = (Rule("missing end", "missing `end`s added by indentation", _ends),)
