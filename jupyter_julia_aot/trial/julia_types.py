"""Python classes for Julia values that no Python type can hold without losing their Julia type.

Where a Python type fits exactly, that one is used: ``Int64`` is ``int``, ``Float64`` ``float``, ``Float32``
``numpy.float32``, ``Vector{Float64}`` a NumPy array. The classes here are thin: a ``BigInt`` is an ``int``, a
``Symbol`` a ``str``, a typed list a ``list``; they only remember what Julia called them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

import numpy as np

JuliaType = str | tuple[Any, ...]
"""A Julia type as data: a name, or a name with parameters, such as ``("Dict", "String", "Int64")``."""


def type_text(kind: JuliaType) -> str:
    """The type in Julia's notation: ``Dict{String, Int64}``."""
    if isinstance(kind, str):
        return kind
    return (
        f"{kind[0]}{{{', '.join(type_text(p) if isinstance(p, (str, tuple)) else str(p) for p in kind[1:])}}}"
    )


class BigInt(int):
    """An arbitrarily large integer."""


class Int128(int):
    """A 128-bit signed integer."""


class UInt128(int):
    """A 128-bit unsigned integer."""


class Char(str):
    """One character."""


class Symbol(str):
    """A name. Equal to the ``str`` of the same letters."""

    def __repr__(self) -> str:
        return f":{self}"


@final
class MissingType:
    """The type of :data:`missing`, Julia's marker for a value that is not known."""

    def __repr__(self) -> str:
        return "missing"

    def __reduce__(self) -> str:
        return "missing"

    def __bool__(self) -> bool:
        raise TypeError("missing is neither true nor false")


missing = MissingType()


@dataclass(frozen=True, slots=True)
class BigFloat:
    """``mantissa · 2**exponent`` with ``precision`` bits, or one of ``-0``, ``inf``, ``-inf``, ``nan``."""

    mantissa: int
    exponent: int
    precision: int
    special: str = ""

    def __float__(self) -> float:
        if self.special:
            return float(self.special)
        try:
            return math.ldexp(self.mantissa, self.exponent)
        except OverflowError:
            if self.exponent < 0:  # the mantissa alone is too large for a float
                return float(Fraction(self.mantissa, 1 << -self.exponent))
            return math.copysign(math.inf, self.mantissa)


@dataclass(frozen=True, slots=True)
class Complex:
    """A complex number whose parts are of a type without a NumPy complex: ``Complex{Int64}``."""

    real: Any
    imag: Any

    def __complex__(self) -> complex:
        return complex(float(self.real), float(self.imag))


@dataclass(frozen=True, slots=True)
class Rational:
    """A ratio that is no :class:`fractions.Fraction` of ``Int64``; the denominator may be 0."""

    numerator: Any
    denominator: Any

    def __float__(self) -> float:
        if self.denominator:
            return float(Fraction(int(self.numerator), int(self.denominator)))
        return math.copysign(math.inf, self.numerator)


@dataclass(frozen=True, slots=True)
class Pair:
    """``first => second`` and the types they were stored as."""

    first: Any
    second: Any
    types: tuple[JuliaType, JuliaType] = ("Any", "Any")


class NamedTuple(tuple[Any, ...]):
    """A tuple whose items have names: ``t.a``, ``t["a"]`` or ``t[0]``."""

    names: tuple[str, ...]

    def __new__(cls, names: Iterable[str], values: Iterable[Any]) -> NamedTuple:
        self = super().__new__(cls, values)
        self.names = tuple(names)
        if len(self.names) != len(self) or len(set(self.names)) != len(self):
            raise ValueError("a named tuple needs as many different names as values")
        return self

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__") and name in self.names:
            return self[self.names.index(name)]
        raise AttributeError(f"the named tuple has no {name!r}; it has {', '.join(self.names)}")

    def __getitem__(self, key: Any) -> Any:
        return tuple.__getitem__(self, self.names.index(key) if isinstance(key, str) else key)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, NamedTuple) and self.names != other.names:
            return False
        return tuple.__eq__(self, other)

    def __hash__(self) -> int:
        return tuple.__hash__(self)

    def __repr__(self) -> str:
        return f"({', '.join(f'{n} = {v!r}' for n, v in zip(self.names, self, strict=True))})"

    def __reduce__(self) -> Any:
        return NamedTuple, (self.names, tuple(self))


class TypedList(list[Any]):
    """A Julia ``Vector`` of something NumPy has no type for; ``eltype`` is its element type."""

    eltype: JuliaType = "Any"

    def __init__(self, items: Iterable[Any] = (), eltype: JuliaType = "Any") -> None:
        super().__init__(items)
        self.eltype = eltype


class ObjectArray(np.ndarray[Any, Any]):
    """A Julia array of 0 or ≥ 2 dimensions of something NumPy has no type for (dtype ``object``)."""

    eltype: JuliaType = "Any"

    def __array_finalize__(self, obj: Any) -> None:
        self.eltype = getattr(obj, "eltype", "Any")


class BitArray(np.ndarray[Any, Any]):
    """A Julia ``BitArray``: an array of ``bool`` that goes back to Julia as bits."""


class TypedDict(dict[Any, Any]):
    """A Julia ``Dict``; ``types`` are its key and value type."""

    types: tuple[JuliaType, JuliaType] = ("Any", "Any")

    def __init__(self, items: Any = (), types: tuple[JuliaType, JuliaType] = ("Any", "Any")) -> None:
        super().__init__(items)
        self.types = types


class TypedSet(set[Any]):
    """A Julia ``Set``; ``eltype`` is its element type."""

    eltype: JuliaType = "Any"

    def __init__(self, items: Iterable[Any] = (), eltype: JuliaType = "Any") -> None:
        super().__init__(items)
        self.eltype = eltype


@dataclass(frozen=True, slots=True)
class Range:
    """A Julia range that is no :class:`range` of ``Int64``.

    ``kind`` and ``fields``: ``UnitRange`` (first, last), ``StepRange`` (first, step, last), ``OneTo``
    (last), ``LinRange`` (first, last, length), ``StepRangeLen`` (reference high and low part, step high and
    low part, length, offset, a zero of the element type: Julia's own twice-precision form).
    ``numpy.asarray`` gives the numbers.
    """

    kind: str
    fields: tuple[Any, ...]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        f = self.fields
        if self.kind == "UnitRange":
            numbers: Any = [f[0] + i for i in range(max(int(f[1] - f[0]) + 1, 0))]
        elif self.kind == "StepRange":
            numbers = [f[0] + type(f[0])(i * f[1]) for i in range(max(int((f[2] - f[0]) // f[1]) + 1, 0))]
        elif self.kind == "OneTo":
            numbers = [type(f[0])(i) for i in range(1, int(f[0]) + 1)]
        elif self.kind == "LinRange":
            return np.linspace(f[0], f[1], f[2], dtype=dtype)
        else:
            steps = np.arange(1, f[4] + 1) - f[5]
            numbers = f[0] + (f[1] + steps * f[3] + steps * f[2])
        return np.asarray(numbers, dtype=dtype)


class Handle:
    """Something that stays in Julia. Passing it back gives the same object.

    ``id`` is its number in the session, ``type`` the name of its Julia type, ``text`` how Julia shows it
    (one line). The object is freed after the last handle to it is gone.
    """

    __slots__ = ("__weakref__", "_forget", "id", "owner", "text", "type")

    def __init__(
        self,
        number: int,
        kind: str,
        text: str,
        owner: object = None,
        forget: Callable[[int], None] | None = None,
    ) -> None:
        self.id, self.type, self.text, self.owner, self._forget = number, kind, text, owner, forget

    def __repr__(self) -> str:
        return f"<Julia {self.type}: {self.text}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Handle) and (self.owner, self.id) == (other.owner, other.id)

    def __hash__(self) -> int:
        return hash((id(self.owner), self.id))

    def __del__(self) -> None:
        if self._forget is not None:
            self._forget(self.id)
