"""Python values to bytes, in the format of ``values.py``."""

from __future__ import annotations

import datetime
import struct
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import msgpack
import numpy as np

from jupyter_julia_aot.trial.julia_types import (
    BigFloat,
    BigInt,
    BitArray,
    Char,
    Complex,
    Handle,
    Int128,
    MissingType,
    NamedTuple,
    Pair,
    Range,
    Rational,
    Symbol,
    TypedDict,
    TypedList,
    TypedSet,
    UInt128,
)
from jupyter_julia_aot.trial.values_format import (
    INT64,
    MAX_DEPTH,
    NUMBERS,
    TAGS,
    NotCarriedError,
    Share,
)


def encode(value: Any, *, share: Share | None = None, owner: object = None) -> bytes:
    """The bytes of a value. ``share(array)`` may put a Fortran-ordered array into a window and say where;
    ``owner`` is the session whose handles may be sent. Raises ``NotCarriedError``."""
    packed: bytes = msgpack.packb(_Encoder(share, owner).lower(value, 0), use_bin_type=True)
    return packed


class _Encoder:
    def __init__(self, share: Share | None, owner: object) -> None:
        self.share, self.owner = share, owner

    def ext(self, code: int, items: Any) -> msgpack.ExtType:
        return msgpack.ExtType(code, msgpack.packb(items, use_bin_type=True))

    def lower(self, value: Any, depth: int) -> Any:
        """``value`` in terms of what MessagePack knows."""
        if depth > MAX_DEPTH:
            raise NotCarriedError("the value is nested too deeply", remedy="send it in parts")
        if value is None or type(value) is bool:
            return value
        if isinstance(value, np.generic) and not isinstance(value, (float, complex, str, bytes)):
            return self.scalar(value)
        if isinstance(value, int):
            return _integer(value)
        if isinstance(value, float):
            return float(value)
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, np.ndarray):
            return self.array(value, depth)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bytes(value)
        return self.container(value, depth + 1)

    def scalar(self, value: np.generic) -> Any:
        tag = TAGS.get(value.dtype.newbyteorder("<"))
        if tag is None:
            raise NotCarriedError(f"a NumPy {value.dtype} has no counterpart in Julia")
        if tag in (0, 4):
            return value.item()
        return msgpack.ExtType(1, bytes([tag]) + value.astype(NUMBERS[tag]).tobytes())

    def text(self, value: str) -> Any:
        if isinstance(value, Char):
            return msgpack.ExtType(6, struct.pack("<I", ord(value)))
        try:
            data = value.encode()
        except UnicodeEncodeError:
            try:
                return msgpack.ExtType(8, value.encode(errors="surrogateescape"))
            except UnicodeEncodeError as error:
                raise NotCarriedError(f"the text has no UTF-8 form: {error}") from error
        return msgpack.ExtType(7, data) if isinstance(value, Symbol) else str(value)

    def array(self, value: np.ndarray[Any, Any], depth: int) -> Any:
        if isinstance(value, BitArray) and value.dtype == np.bool_:
            bits = np.packbits(np.asarray(value).ravel(order="F"), bitorder="little")
            return msgpack.ExtType(12, _dimensions(value.shape) + bits.tobytes())
        if value.dtype == object:
            items = [self.lower(v, depth + 1) for v in value.ravel(order="F").tolist()]
            return self.ext(13, [getattr(value, "eltype", "Any"), list(value.shape), items])
        tag = TAGS.get(value.dtype.newbyteorder("<"))
        if tag is None:
            raise NotCarriedError(
                f"a NumPy array of {value.dtype} has no counterpart in Julia", remedy="use .astype(float)"
            )
        columns = np.asarray(value).astype(NUMBERS[tag], order="F", copy=False)
        place = self.share(columns) if self.share is not None else None
        if place is not None:
            return self.ext(11, [place, tag, list(value.shape)])
        return msgpack.ExtType(10, bytes([tag]) + _dimensions(value.shape) + columns.tobytes(order="F"))

    def container(self, value: Any, depth: int) -> Any:
        def many(items: Any) -> list[Any]:
            return [self.lower(item, depth) for item in items]

        match value:
            case NamedTuple():
                return self.ext(15, [list(value.names), many(value)])
            case tuple():
                return self.ext(14, many(value))
            case TypedList():
                return self.ext(13, [value.eltype, [len(value)], many(value)])
            case list():
                return many(value)
            case TypedDict():
                flat = [self.lower(x, depth) for pair in value.items() for x in pair]
                return self.ext(17, [*value.types, flat])
            case dict():
                flat = [self.lower(x, depth) for pair in value.items() for x in pair]
                return self.ext(17, [None, None, flat])
            case set() | frozenset():
                eltype = value.eltype if isinstance(value, TypedSet) else None
                return self.ext(18, [eltype, many(value)])
            case Pair():
                return self.ext(16, [*value.types, *many((value.first, value.second))])
            case Range():
                return self.ext(19, [value.kind, *many(value.fields)])
            case _:
                return self.other(value, many)

    def other(self, value: Any, many: Callable[[Any], list[Any]]) -> Any:
        match value:
            case complex():
                return msgpack.ExtType(1, bytes([16]) + struct.pack("<dd", value.real, value.imag))
            case Complex():
                return self.ext(4, many((value.real, value.imag)))
            case Fraction():
                parts = (value.numerator, value.denominator)
                if not all(part in INT64 for part in parts):
                    parts = (BigInt(parts[0]), BigInt(parts[1]))
                return self.ext(5, [_integer(part) for part in parts])
            case Rational():
                return self.ext(5, many((value.numerator, value.denominator)))
            case range():
                return self.ext(19, ["Int", value.start, value.step, _last(value)])
            case BigFloat():
                mantissa = _twos_complement(value.mantissa)
                return self.ext(3, [mantissa, value.exponent, value.precision, value.special])
            case MissingType():
                return msgpack.ExtType(9, b"")
            case datetime.datetime():
                return self.ext(20, [_milliseconds(value), 0])
            case datetime.date():
                return self.ext(20, [value.toordinal()])
            case Handle():
                return self.handle(value)
        raise NotCarriedError(
            f"a Python {type(value).__name__} has no counterpart in Julia",
            remedy="send numbers, strings, lists, tuples, dicts, sets, ranges, dates or NumPy arrays",
        )

    def handle(self, value: Handle) -> Any:
        if value.owner is not self.owner:
            raise NotCarriedError(
                f"{value!r} lives in another Julia session, or in one that was restarted",
                remedy="make the object again in this session",
            )
        return self.ext(23, [value.id, "", ""])


def _integer(value: int) -> Any:
    if isinstance(value, (Int128, UInt128)):
        tag, signed = (5, True) if isinstance(value, Int128) else (10, False)
        try:
            return msgpack.ExtType(1, bytes([tag]) + int(value).to_bytes(16, "little", signed=signed))
        except OverflowError as error:
            raise NotCarriedError(f"{value} is no {type(value).__name__}") from error
    if isinstance(value, BigInt) or value not in INT64:
        return msgpack.ExtType(2, _twos_complement(value))
    return int(value)


def _twos_complement(value: int) -> bytes:
    return int(value).to_bytes(int(value).bit_length() // 8 + 1, "big", signed=True)


def _dimensions(shape: tuple[int, ...]) -> bytes:
    return struct.pack(f"<B{len(shape)}q", len(shape), *shape)


def _last(value: range) -> int:
    last = value[-1] if value else value.start - value.step
    if not (value.start in INT64 and last in INT64 and value.step in INT64):
        raise NotCarriedError("the range's ends are no 64-bit integers")
    return last


def _milliseconds(value: datetime.datetime) -> int:
    if value.tzinfo is not None or value.microsecond % 1000:
        raise NotCarriedError(
            "Julia's DateTime has no time zone and counts whole milliseconds",
            remedy="use .replace(tzinfo=None, microsecond=0)",
        )
    days = value.toordinal()
    seconds = (days * 24 + value.hour) * 3600 + value.minute * 60 + value.second
    return seconds * 1000 + value.microsecond // 1000
