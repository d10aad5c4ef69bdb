"""Why the trim verifier refuses a program, by name, and what to write instead.

The verifier speaks of statements in typed, optimised code; the causes are recognised in that text
and in the user's line it blames. What ``fix`` can rewrite is told by ``julia/fix_rules.jl``.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping

from jupyter_julia_aot.records import Diagnostic

_OWN = r"(?!ref\b|keys\b|vals\b|size\b|contents\b|second\b|first\b)\w+"  # a field, not one of Base's
_LOOSE = r"(?:Any|Function|Number|Real|Integer|Signed|Unsigned|Vector|Matrix|Array|Dict|IO|Type|Abstract\w+)"

# (cause, in the verifier's message, in the user's line, what to do); the first that fits is told.
_CAUSES: tuple[tuple[str, str, str, str], ...] = (
    (
        "eval",
        r"\bCore\.eval\b|jl_toplevel_eval",
        r"@?\beval\b|\binclude_string\b",
        "a trimmed program cannot compile; call the function itself, or choose between known ones with `if`",
    ),
    (
        "parse without type",
        r"\.Meta\.|Meta\.parse",
        r"\bMeta\.parse\b",
        "name the type: parse(Int, text), or tryparse",
    ),
    ("timing macro", r"\btime_print\b", r"@timev?\b", "measure with time_ns() and print to Core.stdout"),
    (
        "formatted print",
        r"\bPrintf\.format\b",
        r"@printf\b",
        "print(Core.stdout, @sprintf(…))",
    ),
    (
        "formatted date",
        r"\bDateFormat\b",
        r"\bDates\.format\b",
        "compose the text from year(d), month(d), day(d) with lpad",
    ),
    (
        "starting a program",
        r"\bBase\.(?:_spawn|Cmd|Process)\b",
        r"\b(?:run|pipeline|readchomp)\(\s*`",
        "trimmed programs cannot start others through Base; use ccall(:system, …), or build with --trim no",
    ),
    (
        "reading stdin",
        r"\bstdin::",
        r"\bstdin\b|\breadline\(\)",
        "read from Base.fdio(0), with readline; eachline cannot be followed",
    ),
    (
        "print to stdout",
        r"\b(?:stdout|stderr)::IO\b|\bMultimedia\b|styled_print",
        r"@show\b|\bdisplay\(",
        "println(Core.stdout, …) instead of println(…)",
    ),
    (
        "array printed whole",
        r"\btypeinfo_implicit\b|\bshow_vector\b|\bprint_matrix\b|\bIOContext\b",
        r"$^",
        'print its elements: join(v, ", ")',
    ),
    (
        "printing an exception",
        r":the_exception",
        r"$^",
        "its type is not known; print a sentence of your own, or test it with `isa` first",
    ),
    (
        "captured variable",
        r"\bCore\.Box\b",
        r"$^",
        "a variable that an inner function changes has no type: declare it (s::Float64 = 0.0) or use a Ref",
    ),
    (
        "keyword splatting",
        r"\bkwcall\b.*\bmerge\b|\bmerge\b.*NamedTuple|_apply_iterate.*\bVector\{Symbol\}",
        r";[^)]*\.\.\.",
        "keywords must be known when compiling: splat a named tuple (; a = 1), not a Dict",
    ),
    (
        "tuple of unknown length",
        r"_apply_iterate\(Base\.iterate, Core\.tuple|Tuple\{Vararg",
        r"\bntuple\(|\bTuple\(",
        "use a vector: map(f, 1:n), collect(x)",
    ),
    (
        "splatting a collection",
        r"_apply_iterate",
        r"\.\.\.",
        "maximum(v), sum(v), reduce(vcat, v) instead of f(v...)",
    ),
    (
        "abstract field",
        rf"\bgetfield\(\w+::\w+, :{_OWN}\)::{_LOOSE}\b",
        r"$^",
        "give the field a concrete type, or make it a parameter: struct P{T<:Real}; x::T; end",
    ),
    (
        "function chosen at run time",
        r"::Function\)\(|(?:Vector|Dict)\{[^{}]*Function\}",
        r"$^",
        "choose with `if`, or loop over a tuple of functions",
    ),
    (
        "global variable",
        r"\b(?:Main|Aot\w+)\.[a-z_]\w*::Any\b",
        r"\bglobal\b",
        "declare it const, or give it a type: counter::Int = 0",
    ),
    (
        "mixed container",
        r"\b(?:Dict|Pair|AbstractDict)\{(?!Any)\w+, ?Any\}",
        r"Any\[\s*[^\]\s]",
        "use a struct, a named tuple or a tuple, which know the type of each part",
    ),
    (
        "untyped container",
        rf"\b(?:Vector|Matrix|Set|MemoryRef|Memory)\{{{_LOOSE}\}}|\b(?:Dict|MemoryRef)\{{Any\b",
        r"(?:=|\()\s*(?:Any)?\[\s*\]|\b(?:Dict|Set)\(\)",
        "say what goes in: Int[], Dict{String,Int}(), Set{Int}()",
    ),
    (
        "abstract elements",
        r"\b(?:Vector|MemoryRef)\{(?!Any\b)[A-Z]\w*\}",
        r"$^",
        "elements of several types: keep one vector for each, or use a tuple or a small Union",
    ),
    (
        "unknown type",
        r"::Any\b",
        r"$^",
        "inference lost the type here: annotate the arguments, or assert what it is (value::Int)",
    ),
)
_KNOWN = tuple((cause, re.compile(told), re.compile(line), remedy) for cause, told, line, remedy in _CAUSES)
CAUSES: tuple[str, ...] = tuple(cause for cause, *_ in _CAUSES)


def explain(message: str, line: str = "") -> tuple[str, str]:
    """The name of a verifier message's cause and its remedy; two empty strings when unknown.

    ``line`` is the user's line that is blamed. What it says plainly comes before what the message
    hints at.
    """
    for cause, _, in_line, remedy in _KNOWN:
        if line and in_line.search(line):
            return cause, remedy
    for cause, in_message, _, remedy in _KNOWN:
        if in_message.search(message[:20_000]):
            return cause, remedy
    return "", ""


def explained(found: Iterable[Diagnostic], texts: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """The diagnostics with cause and remedy; ``texts`` are the sources by the names that are shown."""
    lines = {name: text.splitlines() for name, text in texts.items()}
    told: list[Diagnostic] = []
    for diagnostic in found:
        source = lines.get(diagnostic.file or "", [])
        number = diagnostic.line or 0
        line = source[number - 1] if 0 < number <= len(source) else ""
        cause, remedy = explain(diagnostic.message, line)
        told.append(dataclasses.replace(diagnostic, cause=cause, remedy=remedy))
    return tuple(told)
