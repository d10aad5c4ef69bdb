"""The plain C header of a library, and its table of functions."""

from __future__ import annotations

import re

from jupyter_julia_aot.build.bindings.extension import signature
from jupyter_julia_aot.build.bindings.signature import (
    Description,
    Function,
    Method,
    argument_slots,
    python_identifier,
    result_slots,
    symbol,
)
from jupyter_julia_aot.records import AbiEntry

_INTRODUCTION = """\
/* {name}: Julia, compiled ahead of time ({backend}, Julia {julia}).

   Every function gives 0, or the number of a fault: aot_fault tells its type, message and line, and
   aot_release lets go of it. Results are written where the last pointers point. An array or text in a result
   belongs to Julia until aot_release is called with its number. Matrices lie column by column.
   One thread alone may use the library, from its first call on.
{start}*/
"""
_START = """\
   Call aot_start once, before anything else.
"""
_COMMON = """\
/* An array or text of Julia's: its address, its number, its dimensions (a text: its length in bytes). */
typedef struct {
    void *data;
    int64_t number;
    int64_t dims[8];
} aot_array;

/* The fault's type, its length in bytes, its message, its length, and the line in the source (or 0);
   the two texts are addresses, and end with aot_release. */
void aot_fault(int64_t number, int64_t words[5]);
void aot_release(int64_t number);
"""
# What a C function of the user's own may take and give, in C.
_C_TYPES = {
    **{f"{u}Int{n}": f"{u.lower()}int{n}_t" for u in ("", "U") for n in (8, 16, 32, 64)},
    "Float32": "float",
    "Float64": "double",
    "Bool": "uint8_t",
    "Nothing": "void",
    "Cvoid": "void",
    "Cstring": "const char *",
    "Cwstring": "const wchar_t *",
}


def header(
    name: str,
    description: Description,
    *,
    backend: str,
    julia: str,
    start: bool,
) -> str:
    """The text of ``NAME.h``. ``start``: the library has ``aot_start``."""
    guard = f"JULIA_AOT_{re.sub(r'[^A-Z0-9]', '_', name.upper())}_H"
    lines = [
        _INTRODUCTION.format(name=name, backend=backend, julia=julia, start=_START if start else ""),
        f"#ifndef {guard}",
        f"#define {guard}",
        "#include <stdint.h>",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "",
    ]
    if any(f.methods for f in description.functions):
        lines.append(_COMMON)
    if start:
        lines += ["/* 0, or 1 when this process runs another Julia. */", "int aot_start(void);", ""]
    for entry in abi(description):
        lines += [f"/* {entry.julia} */", f"{entry.c};", ""]
    lines += ["#ifdef __cplusplus", "}", "#endif", "#endif", ""]
    return "\n".join(lines)


def abi(description: Description) -> tuple[AbiEntry, ...]:
    """What the library exports: Julia's view and C's."""
    found = [
        AbiEntry(
            name=function.name,
            symbol=symbol(function, number),
            julia=f"{signature(function, method)}::{method.returns.julia}",
            c=f"int64_t {symbol(function, number)}({c_parameters(method)})",
        )
        for function in description.functions
        for number, method in enumerate(function.methods)
    ]
    for c in description.ccallables:
        arguments = ", ".join(_declared(c_type(t), python_identifier(n)) for n, t in c.arguments) or "void"
        shown = ", ".join(f"{n}::{t}" for n, t in c.arguments)
        found.append(
            AbiEntry(
                name=c.symbol,
                symbol=c.symbol,
                julia=f"{c.symbol}({shown})::{c.returns}",
                c=f"{_declared(c_type(c.returns), c.symbol)}({arguments})",
            )
        )
    return tuple(found)


def c_parameters(method: Method) -> str:
    """The C parameters by the names of the arguments."""
    words = []
    for argument in method.arguments:
        words += [_declared(s.c, s.name) for s in argument_slots(argument.name, argument.type)]
    words += [_declared(f"{s.c} *", s.name) for s in result_slots("result", method.returns)]
    return ", ".join(words) or "void"


def c_type(julia: str) -> str:
    """A type of a C function that the user wrote; what C has no name for is a pointer to anything."""
    if julia in _C_TYPES:
        return _C_TYPES[julia]
    pointer = re.fullmatch(r"(?:Ptr|Ref)\{(.+)\}", julia)
    if pointer:
        inner = c_type(pointer[1])
        return f"{inner}*" if inner.endswith("*") else f"{inner} *"
    return "void *"


def _declared(c: str, name: str) -> str:
    return f"{c}{name}" if c.endswith("*") else f"{c} {name}"


def functions_with_methods(description: Description) -> tuple[Function, ...]:
    """The functions that Python can call."""
    return tuple(f for f in description.functions if f.methods)
