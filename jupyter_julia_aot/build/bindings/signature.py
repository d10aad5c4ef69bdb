"""What a library's functions take and give, as data: the tree of a type, and its form in C.

The form in C is flat. A number is passed by value, an array as its address and dimensions, a struct, a
tuple and a complex number as their parts; results are written where pointers after the arguments point.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

NodeKind = Literal[
    "nothing", "scalar", "wide", "complex", "string", "char", "array", "tuple", "named", "struct", "optional"
]

# Julia's plain types: in C, in NumPy, and the letters that a buffer's format may have for them.
SCALARS: dict[str, tuple[str, str, str]] = {
    "Bool": ("uint8_t", "bool", "?"),
    "Int8": ("int8_t", "int8", "b"),
    "Int16": ("int16_t", "int16", "h"),
    "Int32": ("int32_t", "int32", "i"),
    "Int64": ("int64_t", "int64", "l"),
    "UInt8": ("uint8_t", "uint8", "B"),
    "UInt16": ("uint16_t", "uint16", "H"),
    "UInt32": ("uint32_t", "uint32", "I"),
    "UInt64": ("uint64_t", "uint64", "L"),
    "Float16": ("uint16_t", "float16", "e"),
    "Float32": ("float", "float32", "f"),
    "Float64": ("double", "float64", "d"),
}
COMPLEX: dict[str, tuple[str, str, str]] = {
    "ComplexF32": ("float", "complex64", "Zf"),
    "ComplexF64": ("double", "complex128", "Zd"),
}


@dataclass(frozen=True, slots=True)
class Node:
    """One type. ``items`` are the parts of a tuple or struct, the element of an array, the type that an
    optional may hold; ``julia`` is how the user's module spells it."""

    kind: NodeKind
    julia: str
    name: str = ""
    names: tuple[str, ...] = ()
    items: tuple[Node, ...] = ()
    ndim: int = 0
    itemsize: int = 0
    offsets: tuple[int, ...] = ()

    def walk(self) -> Iterator[Node]:
        """This node and all below it, parts first."""
        for item in self.items:
            yield from item.walk()
        yield self

    def labels(self) -> tuple[str, ...]:
        """Names of the parts: fields, or numbers from 1."""
        return self.names or tuple(str(i + 1) for i in range(len(self.items)))


@dataclass(frozen=True, slots=True)
class Argument:
    """A named argument."""

    name: str
    type: Node


@dataclass(frozen=True, slots=True)
class Method:
    """One method with concrete types: one function in C."""

    arguments: tuple[Argument, ...]
    returns: Node


@dataclass(frozen=True, slots=True)
class Refusal:
    """A method that cannot be called from outside, and why."""

    signature: str
    why: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """A Julia function with the methods that can be called."""

    name: str
    methods: tuple[Method, ...]
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True)
class Ccallable:
    """A C function that the program's author exported."""

    symbol: str
    arguments: tuple[tuple[str, str], ...]
    returns: str


@dataclass(frozen=True, slots=True)
class Description:
    """A program as :file:`describe.jl` saw it."""

    functions: tuple[Function, ...] = ()
    missing: tuple[str, ...] = ()
    ccallables: tuple[Ccallable, ...] = ()
    exceptions: tuple[tuple[str, str | None], ...] = ()
    """The user's own exception types, and their first field that holds text."""
    constants: tuple[str, ...] = ()
    """The user's constants whose contents can change."""
    command_line: bool = False
    """Whether the arguments of the function asked about can come from a command line."""

    def only(self, names: Sequence[str]) -> Description:
        """The description of these functions alone."""
        known = {f.name: f for f in self.functions}
        return dataclasses.replace(
            self,
            functions=tuple(known[n] for n in names if n in known),
            missing=tuple(n for n in names if n not in known),
            ccallables=(),
        )

    def methods(self) -> Iterator[tuple[str, Method, str]]:
        """Function name, method and symbol, of every method that can be called."""
        for function in self.functions:
            for number, method in enumerate(function.methods):
                yield function.name, method, symbol(function, number)


@dataclass(frozen=True, slots=True)
class Slot:
    """One parameter in C. ``role`` says what of its node it carries."""

    name: str
    c: str
    julia: str
    role: Literal["value", "real", "imaginary", "low", "high", "address", "bytes", "dimension", "given"]
    node: Node = field(compare=False)


def read_description(data: Mapping[str, Any]) -> Description:
    """From the JSON of :file:`describe.jl`."""
    return Description(
        functions=tuple(
            Function(
                name=f["name"],
                methods=tuple(sorted(map(_method, f["methods"]), key=_strictness)),
                refused=tuple(
                    Refusal(r["signature"], r["why"], r["at"] and r["at"]["line"]) for r in f["refused"]
                ),
            )
            for f in data["functions"]
        ),
        missing=tuple(data["missing"]),
        ccallables=tuple(
            Ccallable(c["symbol"], tuple((a["name"], a["type"]) for a in c["arguments"]), c["returns"])
            for c in data["ccallables"]
        ),
        exceptions=tuple((e["name"], e["field"]) for e in data["exceptions"]),
        constants=tuple(data["constants"]),
        command_line=data["command_line"],
    )


def _method(data: Mapping[str, Any]) -> Method:
    names = _unique([python_identifier(a["name"]) for a in data["arguments"]])
    arguments = tuple(Argument(n, _node(a["type"])) for n, a in zip(names, data["arguments"], strict=True))
    return Method(arguments, _node(data["returns"]))


def _node(data: Mapping[str, Any]) -> Node:
    return Node(
        kind=data["kind"],
        julia=data["julia"],
        name=data.get("name", ""),
        names=tuple(data.get("names", ())),
        items=tuple(map(_node, data.get("items", ()))),
        ndim=data.get("ndim", 0),
        itemsize=data.get("itemsize", 0),
        offsets=tuple(data.get("offsets", ())),
    )


def _strictness(method: Method) -> list[int]:
    """Overloads are tried in this order: what takes less comes first, as 3 also fits Float64."""
    order = {"Bool": 0, "Float16": 3, "Float32": 3, "Float64": 2, "ComplexF32": 5, "ComplexF64": 4}
    return [order.get(a.type.julia, 1) for a in method.arguments]


def symbol(function: Function, number: int) -> str:
    """The C name of a method: ``aot_scale``; with a number where a function has several."""
    plain = f"aot_{python_identifier(function.name)}"
    return plain if len(function.methods) == 1 else f"{plain}_{number + 1}"


def python_identifier(name: str) -> str:
    """A Julia name as one for Python and C: ``f!`` is ``f_b``, as juliacall has it; ``μ`` is ``u3bc``."""
    import keyword

    text = name.replace("!", "_b").replace("′", "_p")
    text = "".join(c if c.isascii() and (c.isalnum() or c == "_") else f"u{ord(c):x}" for c in text)
    return f"{text}_" if keyword.iskeyword(text) or not text or text[0].isdigit() else text


def _unique(names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        fresh = name
        while fresh in found:
            fresh += "_"
        found.append(fresh)
    return found


def argument_slots(base: str, node: Node) -> Iterator[Slot]:
    """The C parameters of an argument."""
    kind = node.kind
    if kind == "scalar":
        c = SCALARS[node.julia][0]
        yield Slot(base, c, _julia_of(node.julia), "value", node)
    elif kind == "wide":
        yield Slot(f"{base}_low", "uint64_t", "UInt64", "low", node)
        high = "int64_t" if node.julia == "Int128" else "uint64_t"
        yield Slot(f"{base}_high", high, "Int64" if node.julia == "Int128" else "UInt64", "high", node)
    elif kind == "complex":
        c = COMPLEX[node.julia][0]
        part = "Float64" if c == "double" else "Float32"
        yield Slot(f"{base}_real", c, part, "real", node)
        yield Slot(f"{base}_imaginary", c, part, "imaginary", node)
    elif kind == "string":
        yield Slot(base, "const char *", "Ptr{UInt8}", "address", node)
        yield Slot(f"{base}_bytes", "int64_t", "Int64", "bytes", node)
    elif kind == "char":
        yield Slot(base, "uint32_t", "UInt32", "value", node)
    elif kind == "array":
        yield Slot(base, f"{element_c(node.items[0])} *", f"Ptr{{{node.items[0].julia}}}", "address", node)
        for i in range(node.ndim):
            yield Slot(f"{base}_dim{i + 1}", "int64_t", "Int64", "dimension", node)
    elif kind == "optional":
        yield Slot(f"{base}_given", "uint8_t", "UInt8", "given", node)
        yield from argument_slots(base, node.items[0])
    else:
        for label, item in zip(node.labels(), node.items, strict=True):
            yield from argument_slots(f"{base}_{python_identifier(label).rstrip('_')}", item)


def result_slots(base: str, node: Node) -> Iterator[Slot]:
    """The C pointers that a result is written to; ``c`` is what each points at."""
    kind = node.kind
    if kind in ("string", "array"):
        yield Slot(base, "aot_array", "Int64", "address", node)
    elif kind == "optional":
        yield Slot(f"{base}_given", "uint8_t", "UInt8", "given", node)
        yield from result_slots(base, node.items[0])
    elif kind in ("tuple", "named", "struct"):
        for label, item in zip(node.labels(), node.items, strict=True):
            yield from result_slots(f"{base}_{python_identifier(label).rstrip('_')}", item)
    else:
        yield from argument_slots(base, node)


def element_c(node: Node) -> str:
    """The C type of an array's element."""
    if node.kind == "scalar":
        return SCALARS[node.julia][0]
    if node.kind == "complex":
        return COMPLEX[node.julia][0]  # pairs: real, imaginary
    return "void"


def _julia_of(name: str) -> str:
    """How Julia takes a plain type from C: what is no C number travels as its bits."""
    return {"Bool": "UInt8", "Float16": "UInt16"}.get(name, name)
