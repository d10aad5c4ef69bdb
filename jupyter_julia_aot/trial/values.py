"""Values between Python and Julia: MessagePack with extension types, exact both ways.

:func:`encode` and :func:`decode` are inverse functions for everything Julia sends; ``julia/values.jl`` is
the same in Julia. ``nil bool int float str bin`` of MessagePack are ``nothing Bool Int64 Float64 String
Vector{UInt8}``. A MessagePack array stands for a Python ``list``; Julia makes of it what its literal
``[a, b]`` would make, and likewise of a dict or set whose types are ``nil``. Everything else is an extension:

==  ============  =========================================================================================
 1  number        tag byte (:data:`NUMBERS`), then the number's bytes, little-endian
 2  big integer   two's complement, big-endian
 3  big float     [mantissa as bytes of 2, exponent, precision, special]
 4  complex       [real, imaginary], both of one type
 5  rational      [numerator, denominator], both of one type
 6  character     code point, 4 bytes little-endian
 7  symbol        UTF-8
 8  string        bytes that are not UTF-8
 9  missing       empty
10  array         tag byte, number of dimensions, each as 8 bytes little-endian, elements column by column
11  shared array  [file name, tag, [dimensions]]; the elements are in that file of the scratch folder
12  bit array     number of dimensions, each as 8 bytes little-endian, bits, lowest first
13  typed array   [element type, [dimensions], [elements]]
14  tuple         [elements]
15  named tuple   [[names], [values]]
16  pair          [type, type, first, second]
17  dict          [key type, value type, [key, value, …]]
18  set           [element type, [elements]]
19  range         [kind, fields…] (:class:`Range`; ``Int``: first, step, last of a Python range)
20  date          [days] or, for a date and time, [milliseconds, 0], since 0000-12-31
23  handle        [number, type name, text]
==  ============  =========================================================================================

A type is a name or ``[name, parameters…]`` from a closed list (:data:`PARAMETRIC`, :data:`PLAIN`). Decoding
builds nothing but these, whatever the bytes are, and raises :class:`MalformedValueError` for the rest.
"""

from __future__ import annotations

import datetime
import math
import struct
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import msgpack
import numpy as np

from jupyter_julia_aot.errors import WorkerError
from jupyter_julia_aot.trial.julia_types import (
    BigFloat,
    BigInt,
    BitArray,
    Char,
    Complex,
    Handle,
    Int128,
    JuliaType,
    MissingType,
    NamedTuple,
    ObjectArray,
    Pair,
    Range,
    Rational,
    Symbol,
    TypedDict,
    TypedList,
    TypedSet,
    UInt128,
    missing,
)

# Tag → NumPy type; 128-bit integers have none.
NUMBERS: dict[int, str] = {
    0: "?", 1: "i1", 2: "<i2", 3: "<i4", 4: "<i8", 6: "u1", 7: "<u2", 8: "<u4", 9: "<u8",
    11: "<f2", 12: "<f4", 13: "<f8", 15: "<c8", 16: "<c16",
}  # fmt: skip
_TAGS = {np.dtype(code): tag for tag, code in NUMBERS.items()}
_WIDE = {5: (Int128, True), 10: (UInt128, False)}

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

_INT64 = range(-(1 << 63), 1 << 63)

Share = Callable[[np.ndarray[Any, Any]], str | None]
Fetch = Callable[[str, np.dtype[Any], tuple[int, ...]], np.ndarray[Any, Any]]


class MalformedValueError(WorkerError, ValueError):
    """Bytes that are no value of this format."""


class NotCarriedError(WorkerError, TypeError):
    """A Python value that has no counterpart in Julia."""


def array_tag(array: np.ndarray[Any, Any]) -> int | None:
    """The tag of a native-endian array's element type, ``None`` when Julia's side has no such array."""
    if isinstance(array, BitArray) or not array.dtype.isnative:
        return None
    return _TAGS.get(array.dtype.newbyteorder("<"))


# ---------------------------------------------------------------- Python → bytes


def encode(value: Any, *, share: Share | None = None, owner: object = None) -> bytes:
    """The bytes of a value. ``share(array)`` may put a Fortran-ordered array into a file and give its name;
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
        tag = _TAGS.get(value.dtype.newbyteorder("<"))
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
        tag = _TAGS.get(value.dtype.newbyteorder("<"))
        if tag is None:
            raise NotCarriedError(
                f"a NumPy array of {value.dtype} has no counterpart in Julia", remedy="use .astype(float)"
            )
        columns = np.asarray(value).astype(NUMBERS[tag], order="F", copy=False)
        name = self.share(columns) if self.share is not None else None
        if name is not None:
            return self.ext(11, [name, tag, list(value.shape)])
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
                if not all(part in _INT64 for part in parts):
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
    if isinstance(value, BigInt) or value not in _INT64:
        return msgpack.ExtType(2, _twos_complement(value))
    return int(value)


def _twos_complement(value: int) -> bytes:
    return int(value).to_bytes(int(value).bit_length() // 8 + 1, "big", signed=True)


def _dimensions(shape: tuple[int, ...]) -> bytes:
    return struct.pack(f"<B{len(shape)}q", len(shape), *shape)


def _last(value: range) -> int:
    last = value[-1] if value else value.start - value.step
    if not (value.start in _INT64 and last in _INT64 and value.step in _INT64):
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


# ---------------------------------------------------------------- bytes → Python


def decode(
    data: bytes,
    *,
    fetch: Fetch | None = None,
    owner: object = None,
    forget: Callable[[int], None] | None = None,
) -> Any:
    """The value in ``data``. ``fetch(name, dtype, shape)`` gives a shared array's elements, ``owner`` and
    ``forget`` go into the handles made. Raises ``MalformedValueError``, and nothing else, for wrong bytes."""
    return _Decoder(fetch, owner, forget).unpack(data, 0)


class _Decoder:
    def __init__(self, fetch: Fetch | None, owner: object, forget: Callable[[int], None] | None) -> None:
        self.fetch, self.owner, self.forget = fetch, owner, forget

    def unpack(self, data: bytes, depth: int) -> Any:
        _expect(depth <= MAX_DEPTH, "a value is nested too deeply")
        try:
            value = msgpack.unpackb(
                data,
                ext_hook=lambda code, body: self.extension(code, body, depth),
                object_pairs_hook=_no_map,
                strict_map_key=False,
                raw=False,
            )
        except MalformedValueError:
            raise
        except Exception as error:  # msgpack raises many kinds; all mean the same here
            raise MalformedValueError(f"not a value: {type(error).__name__}: {error}") from error
        return value

    def extension(self, code: int, body: bytes, depth: int) -> Any:
        try:
            if code in _RAW:
                return _RAW[code](body)
            read = _STRUCTURED.get(code)
            _expect(read is not None, f"{code} is no extension type")
            items = self.unpack(body, depth + 1)
            _expect(type(items) is list, "an extension without a list")
            return read(self, items)  # type: ignore[misc]  # checked above
        except MalformedValueError:
            raise
        except (ValueError, TypeError, IndexError, OverflowError, struct.error, MemoryError) as error:
            raise MalformedValueError(f"extension {code}: {error}") from error

    def shared(self, items: list[Any]) -> Any:
        name, tag, shape = items
        _expect(self.fetch is not None, "a shared array, but no memory is shared")
        _expect(type(name) is str and tag in NUMBERS, "a shared array without a name or element type")
        return self.fetch(name, np.dtype(NUMBERS[tag]), _shape(shape))  # type: ignore[misc]

    def handle(self, items: list[Any]) -> Any:
        number, kind, text = items
        _expect(type(number) is int and type(kind) is str and type(text) is str, "a broken handle")
        return Handle(number, kind, text, self.owner, self.forget)


def _expect(ok: object, what: str) -> None:
    if not ok:
        raise MalformedValueError(what)


def _no_map(_: list[tuple[Any, Any]]) -> Any:
    raise MalformedValueError("a MessagePack map is no value of this format")


def _number(body: bytes) -> Any:
    tag, data = body[0], body[1:]
    if tag in _WIDE:
        kind, signed = _WIDE[tag]
        _expect(len(data) == 16, "a 128-bit integer of another length")
        return kind(int.from_bytes(data, "little", signed=signed))
    _expect(tag in NUMBERS and tag not in (0, 4, 13), "not a number's type")
    dtype = np.dtype(NUMBERS[tag])
    _expect(len(data) == dtype.itemsize, "a number of another length")
    number = np.frombuffer(data, dtype)[0]
    return complex(number) if tag == 16 else number


def _char(body: bytes) -> Char:
    (code,) = struct.unpack("<I", body)
    return Char(chr(code))


def _string(body: bytes) -> str:
    return body.decode(errors="surrogateescape")


def _missing(body: bytes) -> MissingType:
    _expect(not body, "missing with a content")
    return missing


def _split_shape(body: bytes) -> tuple[tuple[int, ...], bytes]:
    end = 1 + 8 * body[0]
    _expect(len(body) >= end, "an array cut short")
    return _shape(list(struct.unpack(f"<{body[0]}q", body[1:end]))), body[end:]


def _shape(items: Any) -> tuple[int, ...]:
    _expect(type(items) is list and len(items) <= 32, "not an array's dimensions")
    _expect(all(type(n) is int and 0 <= n < 1 << 48 for n in items), "not an array's dimensions")
    return tuple(items)


def _array(body: bytes) -> Any:
    shape, data = _split_shape(body[1:])
    _expect(body[0] in NUMBERS, "not an array's element type")
    dtype = np.dtype(NUMBERS[body[0]])
    _expect(math.prod(shape) * dtype.itemsize == len(data), "an array of another length")
    if dtype == np.bool_:
        _expect(max(data, default=0) <= 1, "not an array of Bool")
    return np.frombuffer(bytearray(data), dtype).reshape(shape, order="F")


def _bits(body: bytes) -> Any:
    shape, data = _split_shape(body)
    count = math.prod(shape)
    _expect(len(data) == (count + 7) // 8, "a bit array of another length")
    bits = np.unpackbits(np.frombuffer(data, np.uint8), count=count, bitorder="little")
    return bits.astype(np.bool_).reshape(shape, order="F").view(BitArray)


_RAW: dict[int, Callable[[bytes], Any]] = {
    1: _number,
    2: lambda body: BigInt(int.from_bytes(body, "big", signed=True)),
    6: _char,
    7: lambda body: Symbol(body.decode()),
    8: _string,
    9: _missing,
    10: _array,
    12: _bits,
}


def _big_float(_: _Decoder, items: list[Any]) -> Any:
    mantissa, exponent, precision, special = items
    _expect(type(mantissa) is bytes and type(exponent) is int, "a broken big float")
    _expect(type(precision) is int and 0 < precision < 1 << 31 and special in SPECIAL, "a broken big float")
    return BigFloat(int.from_bytes(mantissa, "big", signed=True), exponent, precision, special)


def _complex(_: _Decoder, items: list[Any]) -> Any:
    real, imag = items
    _expect(_is_real(real) and type(real) is type(imag), "a broken complex number")
    return Complex(real, imag)


def _rational(_: _Decoder, items: list[Any]) -> Any:
    over, under = items
    _expect(_is_integer(over) and type(over) is type(under), "a broken ratio")
    _expect(over != 0 or under != 0, "0 // 0 is no ratio")
    if type(over) is int and under > 0 and math.gcd(over, under) == 1:
        return Fraction(over, under)
    return Rational(over, under)


def _is_integer(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and type(value) is not bool


def _is_real(value: Any) -> bool:
    # Also Complex{Bool} and Complex{Rational{…}}.
    return isinstance(value, (int, float, np.integer, np.floating, BigFloat, Fraction, Rational))


def _typed_array(_: _Decoder, items: list[Any]) -> Any:
    eltype, shape, values = _type(items[0]), _shape(items[1]), items[2]
    _expect(len(items) == 3 and type(values) is list and math.prod(shape) == len(values), "a broken array")
    if len(shape) == 1:
        return TypedList(values, eltype)
    flat = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):  # assigning a whole list would unpack arrays in it
        flat[i] = value
    array = flat.reshape(shape, order="F").view(ObjectArray)
    array.eltype = eltype
    return array


def _named_tuple(_: _Decoder, items: list[Any]) -> Any:
    names, values = items
    _expect(type(names) is list and all(type(n) is str for n in names), "a broken named tuple")
    _expect(type(values) is list, "a broken named tuple")
    return NamedTuple(names, values)


def _pair(_: _Decoder, items: list[Any]) -> Any:
    first_type, second_type, first, second = items
    return Pair(first, second, (_type(first_type), _type(second_type)))


def _dict(_: _Decoder, items: list[Any]) -> Any:
    key, value, flat = items
    _expect(type(flat) is list and len(flat) % 2 == 0, "a broken dictionary")
    pairs = dict(zip(flat[::2], flat[1::2], strict=True))
    _expect(len(pairs) == len(flat) // 2, "a dictionary with the same key twice")
    return pairs if key is None and value is None else TypedDict(pairs, (_type(key), _type(value)))


def _set(_: _Decoder, items: list[Any]) -> Any:
    eltype, values = items
    _expect(type(values) is list and len(set(values)) == len(values), "a broken set")
    return set(values) if eltype is None else TypedSet(values, _type(eltype))


def _range(_: _Decoder, items: list[Any]) -> Any:
    kind, *fields = items
    if kind == "Int":
        start, step, last = fields
        _expect(all(type(n) is int for n in fields) and step != 0, "a broken range")
        return range(start, last + (1 if step > 0 else -1), step)
    _expect(kind in RANGES and len(fields) == RANGES[kind] and all(map(_is_real, fields)), "a broken range")
    return Range(kind, tuple(fields))


def _date(_: _Decoder, items: list[Any]) -> Any:
    _expect(len(items) in (1, 2) and all(type(n) is int for n in items), "a broken date")
    if len(items) == 1:
        return datetime.date.fromordinal(items[0])
    days, rest = divmod(items[0], 86_400_000)
    day = datetime.date.fromordinal(days)
    return datetime.datetime(day.year, day.month, day.day) + datetime.timedelta(milliseconds=rest)


def _type(data: Any) -> JuliaType:
    """A type from the closed list. Raises ``MalformedValueError``."""
    if type(data) is str:
        _expect(data in PLAIN, f"{data!r} is no type of this format")
        return data
    _expect(type(data) is list and data and type(data[0]) is str, "not a type")
    name, *parameters = data
    if name == "NamedTuple":
        names, *types = parameters
        _expect(type(names) is list and len(names) == len(types), "not a type")
        _expect(all(type(n) is str for n in names), "not a type")
        return (name, tuple(names), *map(_type, types))
    _expect(
        name in VARIADIC or len(parameters) == PARAMETRIC.get(name), f"{name!r} is no type of this format"
    )
    if name in ("Array", "BitArray"):
        rank = parameters[-1]
        _expect(type(rank) is int and 0 <= rank <= 32, "not a number of dimensions")
        return (name, *map(_type, parameters[:-1]), rank)
    return (name, *map(_type, parameters))


_STRUCTURED: dict[int, Callable[[_Decoder, list[Any]], Any]] = {
    3: _big_float,
    4: _complex,
    5: _rational,
    11: _Decoder.shared,
    13: _typed_array,
    14: lambda _, items: tuple(items),
    15: _named_tuple,
    16: _pair,
    17: _dict,
    18: _set,
    19: _range,
    20: _date,
    23: _Decoder.handle,
}
