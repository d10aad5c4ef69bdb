"""Python's functions and methods in Julia's."""

from __future__ import annotations

import re
from collections.abc import Callable

from jupyter_julia_aot.search.masking import ANY, TEXT
from jupyter_julia_aot.search.rules import Rule, Source, substitute
from jupyter_julia_aot.search.scanning import closing, outside, receiver_start, rewrite_calls, split

_RENAMED = {
    "len": "length",
    "str": "string",
    "list": "collect",
    "set": "Set",
    "dict": "Dict",
    "sorted": "sort",
    "reversed": "reverse",
    "divmod": "fldmod",
    "ord": "Int",
    "chr": "Char",
}

_OF_ONE = frozenset({"len", "str", "list", "set", "reversed", "ord", "chr"})

_TYPES = {
    "int": "Integer",
    "float": "AbstractFloat",
    "str": "AbstractString",
    "bool": "Bool",
    "list": "AbstractVector",
    "dict": "AbstractDict",
    "tuple": "Tuple",
    "set": "AbstractSet",
}

Rewrite = Callable[[list[str]], str | None]


def _keyword(arguments: list[str]) -> list[str]:
    """Python's keyword spellings of ``sort`` as Julia's."""
    out = [re.sub(r"^reverse[ \t]*=[ \t]*", "rev=", a) for a in arguments]
    return [re.sub(r"^key[ \t]*=[ \t]*", "by=", a) for a in out]


def _rename(source: Source) -> str:
    text = source.text
    for old, new in _RENAMED.items():
        if old in source.defined:
            continue

        def call(arguments: list[str], old: str = old, new: str = new) -> str | None:
            if old == "sorted":
                arguments = _keyword(arguments)
            if old == "list" and not arguments:
                return "[]"
            if len(arguments) != 1 and old in _OF_ONE:
                return None
            return f"{new}({', '.join(arguments)})"

        text = rewrite_calls(text, old, call)
    return text


def _is_vector(arguments: list[str]) -> bool:
    """Whether the only argument of ``max`` must be a collection, as one number makes no sense."""
    return len(arguments) == 1 and bool(arguments[0]) and not arguments[0].endswith("...")


def _numbers(source: Source) -> str:
    text = source.text
    rewrites: dict[str, Rewrite] = {
        "max": lambda a: f"maximum({a[0]})" if _is_vector(a) else None,
        "min": lambda a: f"minimum({a[0]})" if _is_vector(a) else None,
        "int": _int,
        "float": lambda a: _infinity(source, a),
        "round": lambda a: f"round({a[0]}, digits={a[1]})" if len(a) == 2 and a[1].isdigit() else None,
        "pow": lambda a: f"({a[0]})^({a[1]})" if len(a) == 2 else None,
        "isinstance": _isinstance,
    }
    for name, rewrite in rewrites.items():
        if name not in source.defined:
            text = rewrite_calls(text, name, rewrite)
    return text


def _int(arguments: list[str]) -> str | None:
    if len(arguments) != 1 or not arguments[0]:
        return None
    if re.fullmatch(TEXT, arguments[0]) or "string(" in arguments[0]:
        return f"parse(Int, {arguments[0]})"
    return f"trunc(Int, {arguments[0]})"


def _infinity(source: Source, arguments: list[str]) -> str | None:
    said = source.masked.part(arguments[0]).strip("'\"").lower() if len(arguments) == 1 else ""
    return {"inf": "Inf", "-inf": "-Inf", "nan": "NaN", "infinity": "Inf"}.get(said)


def _isinstance(arguments: list[str]) -> str | None:
    if len(arguments) != 2:
        return None
    kinds = split(arguments[1][1:-1]) if arguments[1].startswith("(") else [arguments[1]]
    named = [_TYPES.get(k, k) for k in kinds]
    return f"isa({arguments[0]}, {named[0] if len(named) == 1 else 'Union{' + ', '.join(named) + '}'})"


_MODULE_NAMES = {
    "inf": "Inf",
    "nan": "NaN",
    "ceil": "ceil",
    "comb": "binomial",
    "fabs": "abs",
    "max": "maximum",
    "min": "minimum",
    "pow": "^",
    "array": "",
    "isnan": "isnan",
}
_SAME = frozenset(
    {"sqrt", "exp", "log", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh"}
    | {"tanh", "pi", "gcd", "lcm", "factorial", "hypot", "isnan", "isinf", "sum", "prod", "abs", "zeros"}
    | {"ones", "floor", "trunc", "sign", "cbrt"}
)


def _modules(source: Source) -> str:
    """``math.sqrt(x)``, ``np.sum(x)`` → ``sqrt(x)``, ``sum(x)``."""

    def replace(found: re.Match[str]) -> str:
        module, name = found.groups()
        if module in source.defined:
            return found.group()
        if name in {"floor", "ceil"} and module == "math":
            return f"{name}"
        if name == "e":
            return "exp(1)"
        if name in _SAME:
            return name
        return _MODULE_NAMES.get(name, found.group())

    text = source.text
    for name in ("floor", "ceil"):
        text = re.sub(rf"(?<![\w.])math\.{name}\(", f"{name}(Int, ", text)
    return re.sub(r"(?<![\w.])(math|np|numpy)\.(\w+)\b", replace, text)


_METHODS: dict[str, Callable[[str, list[str]], str | None]] = {
    "append": lambda r, a: f"push!({r}, {a[0]})" if len(a) == 1 else None,
    "add": lambda r, a: f"push!({r}, {a[0]})" if len(a) == 1 else None,
    "extend": lambda r, a: f"append!({r}, {a[0]})" if len(a) == 1 else None,
    "pop": lambda r, a: f"pop!({r})" if not a else f"popfirst!({r})" if a == ["0"] else None,
    "remove": lambda r, a: f"deleteat!({r}, findfirst(==({a[0]}), {r}))" if len(a) == 1 else None,
    "upper": lambda r, a: None if a else f"uppercase({r})",
    "lower": lambda r, a: None if a else f"lowercase({r})",
    "title": lambda r, a: None if a else f"titlecase({r})",
    "strip": lambda r, a: f"strip({r})" if not a else None,
    "lstrip": lambda r, a: f"lstrip({r})" if not a else None,
    "rstrip": lambda r, a: f"rstrip({r})" if not a else None,
    "split": lambda r, a: f"split({', '.join([r, *a])})" if len(a) <= 1 else None,
    "join": lambda r, a: f"join({a[0]}, {r})" if len(a) == 1 and re.fullmatch(ANY, r) else None,
    "length": lambda r, a: None if a else f"length({r})",
    "startswith": lambda r, a: f"startswith({r}, {a[0]})" if len(a) == 1 else None,
    "endswith": lambda r, a: f"endswith({r}, {a[0]})" if len(a) == 1 else None,
    "replace": lambda r, a: f"replace({r}, {a[0]} => {a[1]})" if len(a) == 2 else None,
    "keys": lambda r, a: None if a else f"keys({r})",
    "values": lambda r, a: None if a else f"values({r})",
    "items": lambda r, a: None if a else f"pairs({r})",
    "sort": lambda r, a: f"sort!({', '.join([r, *_keyword(a)])})",
    "reverse": lambda r, a: None if a else f"reverse!({r})",
    "copy": lambda r, a: None if a else f"copy({r})",
    "count": lambda r, a: f"count(==({a[0]}), {r})" if len(a) == 1 else None,
    "index": lambda r, a: f"findfirst(==({a[0]}), {r})" if len(a) == 1 else None,
    "get": lambda r, a: f"get({r}, {a[0]}, {a[1] if len(a) == 2 else 'nothing'})" if a else None,
    "isdigit": lambda r, a: None if a else f"all(isdigit, string({r}))",
    "isalpha": lambda r, a: None if a else f"all(isletter, string({r}))",
    "isupper": lambda r, a: None if a else f"all(isuppercase, string({r}))",
    "islower": lambda r, a: None if a else f"all(islowercase, string({r}))",
    "isspace": lambda r, a: None if a else f"all(isspace, string({r}))",
}
_METHOD = re.compile(rf"\.({'|'.join(_METHODS)})\(")


def _methods(source: Source) -> str:
    """``x.append(y)`` → ``push!(x, y)``; a receiver in capitals is a module or type and stays."""
    text = source.text
    at = 0
    while found := _METHOD.search(text, at):
        at = found.end()
        start = receiver_start(text, found.start())
        end = closing(text, found.end() - 1)
        if start < 0 or end < 0:
            continue
        receiver = text[start : found.start()]
        if re.match(r"[A-Z]\w*\.?", receiver) or re.match(r"\d", receiver) or "struct " in text:
            continue
        arguments = split(text[found.end() : end])
        if any(outside(a, re.compile(r"(?<![=!<>])=(?!=)")) for a in arguments) and found.group(1) != "sort":
            continue
        new = _METHODS[found.group(1)](receiver, arguments)
        if new is not None:
            text = text[:start] + new + text[end + 1 :]
            at = start
    return text


_PACKAGES = {
    "Statistics": r"(?:mean|median|std)\(",
    "LinearAlgebra": r"(?:dot|norm|det|tr)\(",
    "Printf": r"@s?printf\b",
}


def _using(source: Source) -> str:
    """``using Statistics`` and the like for functions that Julia keeps in its standard library."""
    text = source.text
    for package, names in _PACKAGES.items():
        found = re.search(rf"(?<![\w.:]){names}", text)
        if found is None or found.group().rstrip("(") in source.defined or re.search(rf"\b{package}\b", text):
            continue
        text = f"using {package}\n{text}"
    return text


CALLS: tuple[Rule, ...] = (
    Rule("missing using", "the package of a standard function added", _using),
    Rule("modules", "`math.` and `np.` dropped", _modules),
    Rule("methods", "Python's method {calls} became a function call", _methods),
    Rule("built-ins", "Python's {calls} became Julia's", _rename),
    Rule("numbers", "Python's {calls} became Julia's", _numbers),
    Rule(
        "repeated list",
        "`[x] * n` became `fill(x, n)`",
        substitute(
            r"(?<![\w\])])\[(-?[\w.]+)\][ \t]*\*[ \t]*(\w+(?![\w.])(?:\([^()\n]*\))?)", r"fill(\1, \2)"
        ),
    ),
)
