"""The tables of the value format (``values.py``), which both directions read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from jupyter_julia_aot.errors import WorkerError
from jupyter_julia_aot.trial.julia_types import (
    BitArray,
    Int128,
    UInt128,
)

# Tag → NumPy type; 128-bit integers have none.
NUMBERS: dict[int, str] = {
    0: "?", 1: "i1", 2: "<i2", 3: "<i4", 4: "<i8", 6: "u1", 7: "<u2", 8: "<u4", 9: "<u8",
    11: "<f2", 12: "<f4", 13: "<f8", 15: "<c8", 16: "<c16",
}  # fmt: skip
TAGS = {np.dtype(code): tag for tag, code in NUMBERS.items()}
WIDE = {5: (Int128, True), 10: (UInt128, False)}

PLAIN = frozenset(
    [
        "Any",
        "Bool",
        "Int8",
        "Int16",
        "Int32",
        "Int64",
        "Int128",
        "UInt8",
        "UInt16",
        "UInt32",
        "UInt64",
        "UInt128",
        "BigInt",
        "Float16",
        "Float32",
        "Float64",
        "BigFloat",
        "Char",
        "String",
        "Symbol",
        "Nothing",
        "Missing",
        "Number",
        "Real",
        "Integer",
        "Signed",
        "Unsigned",
        "AbstractFloat",
        "AbstractString",
        "AbstractChar",
        "Date",
        "DateTime",
    ]
)
PARAMETRIC = {
    "Array": 2, "BitArray": 1, "Complex": 1, "Rational": 1, "Pair": 2, "Dict": 2, "Set": 1,
    "UnitRange": 1, "StepRange": 2, "OneTo": 1, "LinRange": 1, "StepRangeLen": 1,
}  # fmt: skip
VARIADIC = frozenset({"Union", "Tuple"})
RANGES = {"UnitRange": 2, "StepRange": 3, "OneTo": 1, "LinRange": 3, "StepRangeLen": 7}
SPECIAL = frozenset({"", "-0", "inf", "-inf", "nan"})
MAX_DEPTH = 60
"""Values nested deeper than this are refused on both sides."""

INT64 = range(-(1 << 63), 1 << 63)

Share = Callable[[np.ndarray[Any, Any]], int | None]
Fetch = Callable[[int, np.dtype[Any], tuple[int, ...]], np.ndarray[Any, Any]]


class MalformedValueError(WorkerError, ValueError):
    """Bytes that are no value of this format."""


class NotCarriedError(WorkerError, TypeError):
    """A Python value that has no counterpart in Julia."""


def array_tag(array: np.ndarray[Any, Any]) -> int | None:
    """The tag of a native-endian array's element type, ``None`` when Julia's side has no such array."""
    if isinstance(array, BitArray) or not array.dtype.isnative:
        return None
    return TAGS.get(array.dtype.newbyteorder("<"))


def expect(ok: object, what: str) -> None:
    if not ok:
        raise MalformedValueError(what)


def read_shape(items: Any) -> tuple[int, ...]:
    expect(type(items) is list and len(items) <= 32, "not an array's dimensions")
    expect(all(type(n) is int and 0 <= n < 1 << 48 for n in items), "not an array's dimensions")
    return tuple(items)
