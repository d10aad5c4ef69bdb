"""Values made of other values, read from lists of those: the second half of the table in ``values.py``."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from jupyter_julia_aot.trial.julia_types import (
    BigFloat,
    Complex,
    JuliaType,
    NamedTuple,
    ObjectArray,
    Pair,
    Range,
    Rational,
    TypedDict,
    TypedList,
    TypedSet,
)
from jupyter_julia_aot.trial.values_format import (
    PARAMETRIC,
    PLAIN,
    RANGES,
    SPECIAL,
    VARIADIC,
    expect,
    read_shape,
)

if TYPE_CHECKING:
    from jupyter_julia_aot.trial.values_decode import Decoder


def _big_float(_: Decoder, items: list[Any]) -> Any:
    mantissa, exponent, precision, special = items
    expect(type(mantissa) is bytes and type(exponent) is int, "a broken big float")
    expect(type(precision) is int and 0 < precision < 1 << 31 and special in SPECIAL, "a broken big float")
    return BigFloat(int.from_bytes(mantissa, "big", signed=True), exponent, precision, special)


def _complex(_: Decoder, items: list[Any]) -> Any:
    real, imag = items
    expect(_is_real(real) and type(real) is type(imag), "a broken complex number")
    return Complex(real, imag)


def _rational(_: Decoder, items: list[Any]) -> Any:
    over, under = items
    expect(_is_integer(over) and type(over) is type(under), "a broken ratio")
    expect(over != 0 or under != 0, "0 // 0 is no ratio")
    if type(over) is int and under > 0 and math.gcd(over, under) == 1:
        return Fraction(over, under)
    return Rational(over, under)


def _is_integer(value: Any) -> bool:
    return isinstance(value, (int, np.integer)) and type(value) is not bool


def _is_real(value: Any) -> bool:
    # Also Complex{Bool} and Complex{Rational{…}}.
    return isinstance(value, (int, float, np.integer, np.floating, BigFloat, Fraction, Rational))


def _typed_array(_: Decoder, items: list[Any]) -> Any:
    eltype, shape, values = _type(items[0]), read_shape(items[1]), items[2]
    expect(len(items) == 3 and type(values) is list and math.prod(shape) == len(values), "a broken array")
    if len(shape) == 1:
        return TypedList(values, eltype)
    flat = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):  # assigning a whole list would unpack arrays in it
        flat[i] = value
    array = flat.reshape(shape, order="F").view(ObjectArray)
    array.eltype = eltype
    return array


def _named_tuple(_: Decoder, items: list[Any]) -> Any:
    names, values = items
    expect(type(names) is list and all(type(n) is str for n in names), "a broken named tuple")
    expect(type(values) is list, "a broken named tuple")
    return NamedTuple(names, values)


def _pair(_: Decoder, items: list[Any]) -> Any:
    first_type, second_type, first, second = items
    return Pair(first, second, (_type(first_type), _type(second_type)))


def _dict(_: Decoder, items: list[Any]) -> Any:
    key, value, flat = items
    expect(type(flat) is list and len(flat) % 2 == 0, "a broken dictionary")
    pairs = dict(zip(flat[::2], flat[1::2], strict=True))
    expect(len(pairs) == len(flat) // 2, "a dictionary with the same key twice")
    return pairs if key is None and value is None else TypedDict(pairs, (_type(key), _type(value)))


def _set(_: Decoder, items: list[Any]) -> Any:
    eltype, values = items
    expect(type(values) is list and len(set(values)) == len(values), "a broken set")
    return set(values) if eltype is None else TypedSet(values, _type(eltype))


def _range(_: Decoder, items: list[Any]) -> Any:
    kind, *fields = items
    if kind == "Int":
        start, step, last = fields
        expect(all(type(n) is int for n in fields) and step != 0, "a broken range")
        return range(start, last + (1 if step > 0 else -1), step)
    expect(kind in RANGES and len(fields) == RANGES[kind] and all(map(_is_real, fields)), "a broken range")
    return Range(kind, tuple(fields))


def _date(_: Decoder, items: list[Any]) -> Any:
    expect(len(items) in (1, 2) and all(type(n) is int for n in items), "a broken date")
    if len(items) == 1:
        return datetime.date.fromordinal(items[0])
    days, rest = divmod(items[0], 86_400_000)
    day = datetime.date.fromordinal(days)
    return datetime.datetime(day.year, day.month, day.day) + datetime.timedelta(milliseconds=rest)


def _type(data: Any) -> JuliaType:
    """A type from the closed list. Raises ``MalformedValueError``."""
    if type(data) is str:
        expect(data in PLAIN, f"{data!r} is no type of this format")
        return data
    expect(type(data) is list and data and type(data[0]) is str, "not a type")
    name, *parameters = data
    if name == "NamedTuple":
        names, *types = parameters
        expect(type(names) is list and len(names) == len(types), "not a type")
        expect(all(type(n) is str for n in names), "not a type")
        return (name, tuple(names), *map(_type, types))
    expect(name in VARIADIC or len(parameters) == PARAMETRIC.get(name), f"{name!r} is no type of this format")
    if name in ("Array", "BitArray"):
        rank = parameters[-1]
        expect(type(rank) is int and 0 <= rank <= 32, "not a number of dimensions")
        return (name, *map(_type, parameters[:-1]), rank)
    return (name, *map(_type, parameters))


STRUCTURED: dict[int, Callable[[Decoder, list[Any]], Any]] = {
    3: _big_float,
    4: _complex,
    5: _rational,
    11: lambda decoder, items: decoder.shared(items),
    13: _typed_array,
    14: lambda _, items: tuple(items),
    15: _named_tuple,
    16: _pair,
    17: _dict,
    18: _set,
    19: _range,
    20: _date,
    23: lambda decoder, items: decoder.handle(items),
}
