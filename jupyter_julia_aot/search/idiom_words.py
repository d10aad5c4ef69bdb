"""Python's keywords, operators and constants in Julia's words."""

from __future__ import annotations

import re

from jupyter_julia_aot.search.masking import ANY, REMARK
from jupyter_julia_aot.search.rules import Rule, Source, substitute
from jupyter_julia_aot.search.scanning import depth_after, end_outside, outside

_REMARK = re.compile(REMARK)
_CONSTANTS = {"True": "true", "False": "false", "None": "nothing"}
_OPERAND_END = rf"(?:[\w)\]}}!'\"]|{ANY})"
_STOP = re.compile(r"\b(?:and|or|if|else|for)\b|&&|\|\||[,:;\n?]|(?<![=<>!])=(?!=)")


def _constants(source: Source) -> str:
    def replace(found: re.Match[str]) -> str:
        word = found.group()
        return word if word in source.defined else _CONSTANTS[word]

    if "@enum" in source.text:
        return source.text  # there they are names of the user's
    return re.sub(r"(?<![\w.:@])(?:True|False|None)(?!\w|\()", replace, source.text)


def _is(source: Source) -> str:
    text = re.sub(rf"({_OPERAND_END}[ \t]+)is[ \t]+not(?=[ \t]+[\w(])", r"\1!==", source.text)
    return re.sub(rf"({_OPERAND_END}[ \t]+)is(?=[ \t]+[\w(\[-])", r"\1===", text)


def _logic(source: Source) -> str:
    """``a and b`` — two operands side by side are never valid Julia, so this cannot misfire."""
    text = re.sub(rf"({_OPERAND_END}[ \t]*)\band\b(?=[ \t]*[^\s=.,)])", r"\1&&", source.text)
    return re.sub(rf"({_OPERAND_END}[ \t]*)\bor\b(?=[ \t]*[^\s=.,)])", r"\1||", text)


def _not(source: Source) -> str:
    text = re.sub(r"\bnot[ \t]+in\b(?=[ \t])", "∉", source.text)
    pattern = re.compile(rf"(?<![\w.:@])not[ \t]+(?=[\w(\[!-]|{ANY})")
    while found := pattern.search(text):
        end = _operand_end(text, found.end())
        operand = text[found.end() : end].rstrip()
        blank = text[found.end() + len(operand) : end]
        simple = re.fullmatch(r"[\w.]+(?:\([^()]*\)|\[[^\[\]]*\])?|\([^()]*\)", operand)
        text = text[: found.start()] + (f"!{operand}" if simple else f"!({operand})") + blank + text[end:]
    return text


def _operand_end(text: str, start: int) -> int:
    """End of what Python's ``not`` takes: up to a looser operator, a comma or the line's end."""
    return end_outside(text, start, lambda i: i > start and _STOP.match(text, i) is not None)


def _floor_division(source: Source) -> str:
    # Julia's // makes a fraction: leave it where the code says that it means one.
    if re.search(r"\b(?:Rational|numerator|denominator)\b|\b\d+//\d", source.text):
        return source.text
    pattern = r"(?<=[\w)\]])(?: // (?=[\w(])| ?// ?(?=\d)|[ \t]*//=(?=[ \t]*[\w(]))"
    return re.sub(pattern, _divide, source.text)


def _divide(found: re.Match[str]) -> str:
    return " ÷=" if "=" in found.group() else " ÷ "


def _else_if(source: Source) -> str:
    text = source.text
    lines = text.split("\n")
    chained = [i for i, line in enumerate(lines) if re.match(r"[ \t]*else[ \t]+if\b", line)]
    # In Julia "else if" opens a second block with an "end" of its own: only when those are missing.
    from jupyter_julia_aot.search.idiom_blocks import missing_ends

    if not chained or missing_ends(text) < len(chained):
        return text
    for i in chained:
        lines[i] = re.sub(r"else[ \t]+if", "elseif", lines[i], count=1)
    return "\n".join(lines)


def _ternary(source: Source) -> str:
    """``a if c else b`` → ``c ? a : b``, per line or bracket."""
    text = source.text
    pattern = re.compile(r"(?<=[\w)\]}\ue001])[ \t]+if[ \t]+")
    at = 0
    while found := pattern.search(text, at):
        at = found.end()
        start, end = _expression_start(text, found.start()), _expression_end(text, found.end())
        tail = text[found.end() : end]
        otherwise = outside(tail, re.compile(r"[ \t]+else[ \t]+(?!if\b)"))
        value = text[start : found.start()]
        if otherwise is None or not value.strip() or re.search(r"\bend\b", tail):
            continue
        condition, other = tail[: otherwise.start()], tail[otherwise.end() :]
        new = f"{condition.strip()} ? {value.strip()} : {other.rstrip()}"
        text = text[:start] + new + other[len(other.rstrip()) :] + text[end:]
        at = start
    return text


def _expression_start(text: str, end: int) -> int:
    """Start of the value before ``if``: after the enclosing bracket, comma, ``=``, ``return`` or line."""
    depth, start = 0, 0
    for i in range(end - 1, -1, -1):
        c = text[i]
        if c in ")]}":
            depth += 1
        elif c in "([{":
            depth -= 1
        if depth < 0 or (depth == 0 and _starts_value(text, i)):
            start = i + 1
            break
    value = text[start:end]
    return start + len(value) - len(value.lstrip())


def _starts_value(text: str, i: int) -> bool:
    """Whether a new expression begins just after the character at ``i``."""
    c, before, after = text[i], text[i - 1 : i], text[i + 1 : i + 2]
    if c in ",;\n":
        return True
    if c == "=":
        return after not in ("=", ">") and before not in ("=", "!", "<", ">", "~")
    if c == ">":
        return before in ("=", "-")
    return after == " " and re.search(r"\b(?:return|in)$", text[max(0, i - 7) : i + 1]) is not None


def _expression_end(text: str, start: int) -> int:
    def ends(i: int) -> bool:
        return text[i] in ",;\n" or text.startswith(" for ", i) or _REMARK.match(text, i) is not None

    return end_outside(text, start, ends)


def _raise(source: Source) -> str:
    def replace(found: re.Match[str]) -> str:
        indent, name, arguments = found.group(1), found.group(2), (found.group(3) or "").strip()
        kind = _EXCEPTIONS.get(name)
        if kind is None or not arguments:
            return f"{indent}error({arguments or source.masked.hide('S', chr(34) + name + chr(34))})"
        return f"{indent}throw({kind}({arguments}))"

    return re.sub(
        r"^([ \t]*)raise[ \t]+(\w+)[ \t]*(?:\(([^\n]*)\))?[ \t]*$", replace, source.text, flags=re.MULTILINE
    )


_EXCEPTIONS = {"ValueError": "ArgumentError", "TypeError": "ArgumentError", "OverflowError": "OverflowError"}


def _except(source: Source) -> str:
    text = re.sub(
        r"^([ \t]*)except\b(?:[ \t]+[\w.]+|[ \t]*\([^()\n]*\))?(?:[ \t]+as[ \t]+(\w+))?[ \t]*:?",
        lambda m: f"{m.group(1)}catch" + (f" {m.group(2)}" if m.group(2) else ""),
        source.text,
        flags=re.MULTILINE,
    )
    return re.sub(r"^([ \t]*)(try|finally)[ \t]*:", r"\1\2", text, flags=re.MULTILINE)


def _assert(source: Source) -> str:
    def replace(found: re.Match[str]) -> str:
        indent, rest = found.groups()
        comma = outside(rest, re.compile(","))
        if comma is None:
            return f"{indent}@assert {rest}"
        return f"{indent}@assert {rest[: comma.start()].strip()} {rest[comma.end() :].strip()}"

    return re.sub(r"^([ \t]*)assert[ \t]+([^\n=][^\n]*)$", replace, source.text, flags=re.MULTILINE)


_MODULES = (
    "math|numpy|sys|os|re|random|typing|itertools|functools|collections|statistics|string|operator|heapq|"
    "cmath|decimal|fractions|copy|time|json|bisect"
)


def _imports(source: Source) -> str:
    lines = source.text.split("\n")
    gone = re.compile(
        rf"[ \t]*(?:import[ \t]+(?:{_MODULES})\b(?:[ \t]+as[ \t]+\w+)?"
        r"|from[ \t]+[\w.]+[ \t]+import\b.*)[ \t]*"
    )
    return "\n".join(line for line in lines if not gone.fullmatch(line))


def _loop_targets(source: Source) -> str:
    return re.sub(
        r"\bfor[ \t]+(\w+(?:[ \t]*,[ \t]*\w+)+)[ \t]+in\b(?=[ \t])",
        lambda m: "for (" + ", ".join(n.strip() for n in m.group(1).split(",")) + ") in",
        source.text,
    )


def _lambda(source: Source) -> str:
    def replace(found: re.Match[str]) -> str:
        names = found.group(1).strip()
        return f"{names} -> " if re.fullmatch(r"\w+", names) else f"({names}) -> "

    return re.sub(r"(?<![\w.])lambda\b([^:\n()]*):[ \t]*", replace, source.text)


def _increment(source: Source) -> str:
    return re.sub(
        r"^([ \t]*)([^\W\d]\w*)(\+\+|--)[ \t]*;?[ \t]*$",
        lambda m: f"{m.group(1)}{m.group(2)} {m.group(3)[0]}= 1",
        source.text,
        flags=re.MULTILINE,
    )


def _slash_comments(source: Source) -> str:
    lines = source.text.split("\n")
    for i, line in enumerate(lines):
        found = re.match(r"([ \t]*)//[ \t]+(\w.*)$", line)
        if found and depth_after("\n".join(lines[:i])) == 0:
            comment = source.masked.unmask(found.group(2))
            lines[i] = found.group(1) + source.masked.hide("C", f"# {comment}")
    return "\n".join(lines)


_POWER = substitute(r"(?<=[\w)\]'\ue001])([ \t]*)\*\*(?==?[ \t]*[\w(+-])", r"\1^")

WORDS: tuple[Rule, ...] = (
    Rule("slash comments", "`// …` became a `#` comment", _slash_comments),
    Rule("imports", "Python imports dropped", _imports),
    Rule("constants", "`True`, `False`, `None` became `true`, `false`, `nothing`", _constants),
    Rule("is", "`is`, `is not` became `===`, `!==`", _is),
    Rule("logic", "`and`, `or` became `&&`, `||`", _logic),
    Rule("not", "`not` became `!`, `not in` became `∉`", _not),
    Rule("power", "`**` became `^`", _POWER),
    Rule("floor division", "`//` became `÷`", _floor_division),
    Rule("elif", "`elif` became `elseif`", substitute(r"^([ \t]*)elif\b", r"\1elseif", re.MULTILINE)),
    Rule("else if", "`else if` became `elseif`", _else_if),
    Rule("conditional expression", "`a if c else b` became `c ? a : b`", _ternary),
    Rule("raise", "`raise` became `throw` or `error`", _raise),
    Rule("except", "`except` became `catch`", _except),
    Rule("assert", "`assert` became `@assert`", _assert),
    Rule("pass", "`pass` became `nothing`", substitute(r"^([ \t]*)pass[ \t]*$", r"\1nothing", re.MULTILINE)),
    Rule("loop targets", "`for a, b in` became `for (a, b) in`", _loop_targets),
    Rule("lambda", "`lambda x: …` became `x -> …`", _lambda),
    Rule("increment", "`x++` became `x += 1`", _increment),
)
