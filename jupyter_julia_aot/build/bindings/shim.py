"""The Julia side of a binding: one C function per method, written in the user's module."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_julia_aot.build.bindings.signature import (
    COMPLEX,
    Description,
    Method,
    Node,
    argument_slots,
    python_identifier,
    result_slots,
)

SHIM_FILE = "binding.jl"


def shim(description: Description, sources: Iterable[str], *, trimmed: bool) -> str:
    """Julia source to include after the user's code (and ``library.jl``).

    ``sources`` are the user's files, relative to the project; lines of faults are looked for in them.
    """
    ends = " || ".join(f"endswith(file, {_quoted('/' + s)})" for s in sources) or "false"
    parts = [f"julia_aot_is_source(file::String)::Bool = {ends}"]
    parts += [_own_exceptions(description), _own_constants(description)] if trimmed else []
    for name, method, symbol in description.methods():
        parts.append(_entry(name, method, symbol))
        if not trimmed:
            # A whole image holds what was compiled before it was written; the rest waits for the first call.
            parts.append(f"precompile({symbol}, ({''.join(f'{t}, ' for t in _types(method))}))")
    return "\n\n".join(parts) + "\n"


def _own_exceptions(description: Description) -> str:
    lines = [
        f"    fault isa {name} && return fault.{field}" for name, field in description.exceptions if field
    ]
    return "\n".join(
        [
            "function julia_aot_own(@nospecialize(fault))::Union{Nothing,String}",
            *lines,
            "    return nothing",
            "end",
        ]
    )


def _own_constants(description: Description) -> str:
    lines = [f"    julia_aot_root({_named(name)})" for name in description.constants]
    return "\n".join(["function julia_aot_root_constants()", *lines, "    return", "end"])


def _named(name: str) -> str:
    """A Julia name as its source has it, whatever characters are in it."""
    return name if name.rstrip("!").isidentifier() else f"var{_quoted(name)}"


def _types(method: Method) -> list[str]:
    """The Julia types of the C parameters."""
    slots = [s.julia for n, a in enumerate(method.arguments) for s in argument_slots(f"a{n}", a.type)]
    return [*slots, *(f"Ptr{{{s.julia}}}" for s in result_slots("r", method.returns))]


def _entry(name: str, method: Method, symbol: str) -> str:
    parameters: list[str] = []
    values: list[str] = []
    for number, argument in enumerate(method.arguments):
        base = f"a{number}"
        parameters += [f"{s.name}::{s.julia}" for s in argument_slots(base, argument.type)]
        values.append(_value(base, argument.type))
    parameters += [f"{s.name}::Ptr{{{s.julia}}}" for s in result_slots("r", method.returns)]
    call = f"{_named(name)}({', '.join(values)})"
    if method.returns.kind != "nothing":
        call = f"result = {call}"
    body = [
        f"Base.@ccallable function {symbol}({', '.join(parameters)})::Int64",
        "    julia_aot_begin()",
        "    try",
        f"        {call}",
        *(f"        {line}" for line in _store("r", "result", method.returns)),
        "        return Int64(0)",
        "    catch fault",
        "        return julia_aot_caught(fault)",
        "    end",
        "end",
    ]
    return "\n".join(body)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def _value(base: str, node: Node) -> str:
    """The Julia expression that makes an argument from its C parameters."""
    kind = node.kind
    if kind == "scalar":
        return {"Bool": f"({base} != 0x00)", "Float16": f"reinterpret(Float16, {base})"}.get(node.julia, base)
    if kind == "wide":
        return f"(({base}_high % {node.julia}) << 64 | ({base}_low % {node.julia}))"
    if kind == "complex":
        return f"{node.julia}({base}_real, {base}_imaginary)"
    if kind == "string":
        return f"unsafe_string({base}, {base}_bytes)"
    if kind == "char":
        return f"Char({base})"
    if kind == "array":
        dims = "".join(f"{base}_dim{i + 1}, " for i in range(node.ndim))
        return f"unsafe_wrap(Array, {base}, ({dims}))"
    if kind == "optional":
        return f"({base}_given == 0x00 ? nothing : {_value(base, node.items[0])})"
    if kind == "nothing":
        return "nothing"
    parts = [
        _value(f"{base}_{python_identifier(label).rstrip('_')}", item)
        for label, item in zip(node.labels(), node.items, strict=True)
    ]
    if kind == "struct":
        return f"{node.julia}({', '.join(parts)})"
    tupled = f"({''.join(f'{p}, ' for p in parts)})"
    return f"{node.julia}({tupled})" if kind == "named" else tupled


def _store(base: str, value: str, node: Node) -> list[str]:
    """Statements that write a result where the C pointers point."""
    kind = node.kind
    if kind == "nothing":
        return []
    if kind == "scalar":
        bits = {"Bool": f"UInt8({value})", "Float16": f"reinterpret(UInt16, {value})"}.get(node.julia, value)
        return [f"unsafe_store!({base}, {bits})"]
    if kind == "wide":
        high = "Int64" if node.julia == "Int128" else "UInt64"
        return [
            f"unsafe_store!({base}_low, {value} % UInt64)",
            f"unsafe_store!({base}_high, ({value} >> 64) % {high})",
        ]
    if kind == "complex":
        assert node.julia in COMPLEX  # noqa: S101 - describe.jl knows no others
        return [
            f"unsafe_store!({base}_real, real({value}))",
            f"unsafe_store!({base}_imaginary, imag({value}))",
        ]
    if kind == "char":
        return [f"unsafe_store!({base}, UInt32({value}))"]
    if kind in ("string", "array"):
        return [f"julia_aot_give({base}, {value})"]
    if kind == "optional":
        inner = [f"    {line}" for line in _store(base, f"{value}_some", node.items[0])]
        return [
            f"unsafe_store!({base}_given, {value} === nothing ? 0x00 : 0x01)",
            f"{value}_some = {value}",
            f"if {value}_some !== nothing",
            *inner,
            "end",
        ]
    lines: list[str] = []
    for index, (label, item) in enumerate(zip(node.labels(), node.items, strict=True)):
        short = python_identifier(label).rstrip("_")
        local = f"{value}_{index + 1}"
        lines.append(f"{local} = getfield({value}, {index + 1})")
        lines += _store(f"{base}_{short}", local, item)
    return lines
