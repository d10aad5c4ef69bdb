"""Julia code out of a model's answer.

Answers are hostile text: :func:`extract` never raises, runs in time linear in the answer (which is
cut at 200,000 characters) and returns only what was in the answer or in the request's ``given``
code, plus the ``end`` that ``given`` opened.
"""

from __future__ import annotations

import re

from jupyter_julia_aot.model.blocks import fenced_blocks, without_prompts
from jupyter_julia_aot.model.definitions import Definition, defines, definition_at, definitions
from jupyter_julia_aot.model.scan import statement_end, tokens
from jupyter_julia_aot.model.types import Request

LONGEST_ANSWER = 200_000

_THOUGHT = re.compile(r"<(think|thinking|thought|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_THOUGHT_END = re.compile(r"</(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_SPECIAL = re.compile(r"<\|(?:im_end|im_start|endoftext|eot_id|end|EOT|fim_\w+|file_sep)\|>|</s>")
_INLINE = re.compile(r"`([^`\n]{3,400})`")
_USAGE = re.compile(
    r"(?:@(?:test|testset|show|time|btime|benchmark|assert|info)\b"
    r"|print(?:ln|styled)?\(|display\(|using Test\b|#)"
)
_NEXT_EXAMPLE = re.compile(r"\n(?=(?:\"|#|@|julia>|```|function |using |import |<\|))")
_TEXT = frozenset({"text", "txt", "plaintext", "plain"})
_NOT_CODE = frozenset(
    {"python", "py", "python3", "bash", "sh", "shell", "console", "output", "json", "yaml", "toml", "xml"}
    | {"html", "javascript", "js", "c", "cpp", "c++", "rust", "r", "matlab", "latex", "tex", "diff"}
    | {"markdown", "md", "sql", "java", "go"}
)
_OTHER_LANGUAGES = _NOT_CODE | _TEXT


def extract(answer: str, name: str, request: Request | None = None) -> str:
    """The Julia code in ``answer`` that is meant to define ``name``; ``""`` when there is none.

    ``request`` tells what the answer continues: for raw completion the answer is the rest of
    ``request.given``; for a chat, ``given`` is the signature a bare body belongs to.
    """
    text = _without_thoughts(answer[:LONGEST_ANSWER].replace("\r\n", "\n").replace("\r", "\n"))
    given = request.given if request is not None else ""
    if request is not None and request.text is not None and given:
        special = _SPECIAL.search(text)
        continued = text[: special.start()] if special else text
        if not _starts_over(continued, name, given):
            return _continuation(given, continued, name)
    text = _without_margin(_SPECIAL.sub("\n", text))
    blocks = fenced_blocks(text)
    code = _choose(blocks, name) if blocks else ""
    if not code or not defines(code, name):
        code = _unfenced(text, name, given, blocks) or code
    return _tidy(code)


def _without_thoughts(text: str) -> str:
    text = _THOUGHT.sub("", text)
    ends = list(_THOUGHT_END.finditer(text))
    return text[ends[-1].end() :] if ends else text


def _without_margin(text: str) -> str:
    """``text`` without the blank that some models put before a definition they begin with."""
    bare = text.lstrip()
    return bare if definition_at(bare, 0) is not None else text


# ---------------------------------------------------------------- raw completion


def _starts_over(text: str, name: str, given: str) -> bool:
    """Whether the answer begins anew instead of continuing ``given``."""
    start = text.lstrip()
    if start.startswith("```") or (text.lstrip("\n").startswith('"') and defines(start, name)):
        return True
    first = given.strip().splitlines()[0].strip() if given.strip() else ""
    if first and start.startswith(first):
        return True
    what = definition_at(start, 0)
    return what is not None and what[0] == "function" and what[1] == name


def _continuation(given: str, text: str, name: str) -> str:
    """``given`` and its continuation, cut where the function ends.

    When no ``end`` closes it, it is cut where the next example begins: weak models leave ends out,
    and adding them is left to the idiom fixes.
    """
    code = given + text
    start = len(given) - len(given.lstrip())
    for definition in definitions(given):
        if definition.name == name:
            start = definition.start
            break
    head = _function_start(code, start, name)
    end = statement_end(code, head)
    if end.complete:
        return _tidy(code[start : end.end])
    cut = _NEXT_EXAMPLE.search(code, max(len(given.rstrip()), head + 1))
    return _tidy(code[start : cut.start()] if cut else code[start:])


def _function_start(code: str, start: int, name: str) -> int:
    """The offset of the definition itself, behind a docstring that begins at ``start``."""
    at = start
    while at < len(code):
        what = definition_at(code, at)
        if what is not None and what[1] == name:
            return at
        following = code.find("\n", at)
        if following < 0:
            break
        at = following + 1
    return start


# ---------------------------------------------------------------- fenced blocks


def _choose(blocks: list[tuple[str, str]], name: str) -> str:
    """The last block that defines ``name``, with the other blocks whose definitions it uses."""
    julia = [body for tag, body in blocks if tag not in _OTHER_LANGUAGES and body.strip()]
    usable = julia or [body for tag, body in blocks if tag not in _NOT_CODE and body.strip()]
    chosen = next((i for i in reversed(range(len(usable))) if defines(usable[i], name)), None)
    if chosen is None:
        # Whatever defines something; a wrong name is for the trial to report.
        return next((body for body in usable if definitions(body)), usable[0] if usable else "")
    code = usable[chosen]
    helpers: list[str] = []
    needed, known = _words(code), {d.name for d in definitions(code)}
    for i, body in enumerate(usable):
        found = definitions(body)
        offered = {d.name for d in found if d.kind in ("function", "type", "value")}
        imports = any(d.kind == "import" for d in found) and i < chosen
        # Values made by calling it are the answer's example of how to use it.
        example = name in _words(body) and not any(d.kind in ("function", "type") for d in found)
        if i == chosen or name in offered or example:
            continue
        if (offered & needed) - known or (imports and not offered):
            helpers.append(body)
            known |= offered
    return "\n\n".join([*(h.strip("\n") for h in helpers), code])


def _words(code: str) -> set[str]:
    return {token.value for token in tokens(code) if token.kind == "word"}


# ---------------------------------------------------------------- no fences


def _unfenced(text: str, name: str, given: str, blocks: list[tuple[str, str]]) -> str:
    """Code in plain text: a transcript, definitions between prose, inline code, or a bare body."""
    plain = without_prompts(text)
    found = [d for d in definitions(plain) if d.kind != "value" or d.name == name or "const " in plain]
    if any(d.name == name for d in found):
        return _join(plain, found, name)
    for match in _INLINE.finditer(text):
        if defines(match.group(1), name):
            return match.group(1)
    body = next((b for tag, b in blocks if tag not in _NOT_CODE and b.strip()), "" if blocks else plain)
    if given and not definitions(body) and _looks_like_body(body):
        return _closed(given, body)
    functions = [d for d in found if d.kind in ("function", "type")]
    return _join(plain, found, name) if functions and not blocks else ""


def _join(text: str, found: list[Definition], name: str) -> str:
    """The definitions, each with its docstring; of several complete ones of ``name`` the last."""
    own = [d for d in found if d.name == name]
    whole = [d for d in own if d.complete]
    best = (whole or own)[-1] if own else None
    parts = [d for d in found if d.name != name or d is best or (d.complete and _differs(text, d, best))]
    return "\n\n".join(text[d.start : d.end].strip("\n") for d in parts)


def _differs(text: str, one: Definition, other: Definition | None) -> bool:
    """Whether two definitions of the same name are methods of different signatures."""
    if other is None:
        return False
    return _head(text, one) != _head(text, other) and one.end <= other.start and other.start - one.end < 3


def _head(text: str, d: Definition) -> str:
    line_end = text.find("\n", d.start)
    return text[d.start : line_end if 0 <= line_end < d.end else d.end]


def _looks_like_body(body: str) -> bool:
    lines = [line.strip() for line in body.split("\n") if line.strip()]
    return any(line.startswith("return ") or line == "return" for line in lines) and not any(
        re.match(r"[A-Z][a-z]+ [a-z]+ [a-z]+", line) for line in lines
    )


def _closed(given: str, body: str) -> str:
    """``given`` with ``body`` and, unless the body brought it, the closing ``end``."""
    head = given.rstrip("\n")
    code = f"{head}\n{body.strip(chr(10))}"
    end = statement_end(code, _last_line(head))
    return code[: end.end] if end.complete else f"{code}\nend"


def _last_line(text: str) -> int:
    return text.rstrip("\n").rfind("\n") + 1


# ---------------------------------------------------------------- finish


def _tidy(code: str) -> str:
    """``code`` without blank edges and without the usage examples that follow the last definition."""
    code = code.strip("\n").rstrip()
    found = definitions(code)
    if not found or not found[-1].complete:
        return code
    rest = code[found[-1].end :].split("\n")
    if all(not line.strip() or _USAGE.match(line) for line in rest[1:]) and not rest[0].strip(" ;"):
        code = code[: found[-1].end].rstrip()
    return code
