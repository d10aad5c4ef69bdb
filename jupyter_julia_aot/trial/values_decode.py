"""Bytes to Python values, in the format of ``values.py``: only such values, whatever the bytes are."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

import msgpack
import numpy as np

from jupyter_julia_aot.trial.julia_types import (
    BigInt,
    BitArray,
    Char,
    Handle,
    MissingType,
    Symbol,
    missing,
)
from jupyter_julia_aot.trial.values_format import (
    MAX_DEPTH,
    NUMBERS,
    WIDE,
    Fetch,
    MalformedValueError,
    expect,
    read_shape,
)
from jupyter_julia_aot.trial.values_structured import STRUCTURED


def decode(
    data: bytes,
    *,
    fetch: Fetch | None = None,
    owner: object = None,
    forget: Callable[[int], None] | None = None,
) -> Any:
    """The value in ``data``. ``fetch(place, dtype, shape)`` gives a shared array's elements, ``owner`` and
    ``forget`` go into the handles made. Raises ``MalformedValueError``, and nothing else, for wrong bytes."""
    return Decoder(fetch, owner, forget).unpack(data, 0)


class Decoder:
    def __init__(self, fetch: Fetch | None, owner: object, forget: Callable[[int], None] | None) -> None:
        self.fetch, self.owner, self.forget = fetch, owner, forget

    def unpack(self, data: bytes, depth: int) -> Any:
        expect(depth <= MAX_DEPTH, "a value is nested too deeply")
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
            read = STRUCTURED.get(code)
            expect(read is not None, f"{code} is no extension type")
            items = self.unpack(body, depth + 1)
            expect(type(items) is list, "an extension without a list")
            return read(self, items)  # type: ignore[misc]  # checked above
        except MalformedValueError:
            raise
        except (ValueError, TypeError, IndexError, OverflowError, struct.error, MemoryError) as error:
            raise MalformedValueError(f"extension {code}: {error}") from error

    def shared(self, items: list[Any]) -> Any:
        place, tag, shape = items
        expect(self.fetch is not None, "a shared array, but no memory is shared")
        expect(type(place) is int and 0 <= place < 1 << 48, "a shared array without a place")
        expect(tag in NUMBERS, "a shared array without an element type")
        return self.fetch(place, np.dtype(NUMBERS[tag]), read_shape(shape))  # type: ignore[misc]

    def handle(self, items: list[Any]) -> Any:
        number, kind, text = items
        expect(type(number) is int and type(kind) is str and type(text) is str, "a broken handle")
        return Handle(number, kind, text, self.owner, self.forget)


def _no_map(_: list[tuple[Any, Any]]) -> Any:
    raise MalformedValueError("a MessagePack map is no value of this format")


def _number(body: bytes) -> Any:
    tag, data = body[0], body[1:]
    if tag in WIDE:
        kind, signed = WIDE[tag]
        expect(len(data) == 16, "a 128-bit integer of another length")
        return kind(int.from_bytes(data, "little", signed=signed))
    expect(tag in NUMBERS and tag not in (0, 4, 13), "not a number's type")
    dtype = np.dtype(NUMBERS[tag])
    expect(len(data) == dtype.itemsize, "a number of another length")
    number = np.frombuffer(data, dtype)[0]
    return complex(number) if tag == 16 else number


def _char(body: bytes) -> Char:
    (code,) = struct.unpack("<I", body)
    return Char(chr(code))


def _string(body: bytes) -> str:
    return body.decode(errors="surrogateescape")


def _missing(body: bytes) -> MissingType:
    expect(not body, "missing with a content")
    return missing


def _split_shape(body: bytes) -> tuple[tuple[int, ...], bytes]:
    end = 1 + 8 * body[0]
    expect(len(body) >= end, "an array cut short")
    return read_shape(list(struct.unpack(f"<{body[0]}q", body[1:end]))), body[end:]


def _array(body: bytes) -> Any:
    shape, data = _split_shape(body[1:])
    expect(body[0] in NUMBERS, "not an array's element type")
    dtype = np.dtype(NUMBERS[body[0]])
    expect(math.prod(shape) * dtype.itemsize == len(data), "an array of another length")
    if dtype == np.bool_:
        expect(max(data, default=0) <= 1, "not an array of Bool")
    return np.frombuffer(bytearray(data), dtype).reshape(shape, order="F")


def _bits(body: bytes) -> Any:
    shape, data = _split_shape(body)
    count = math.prod(shape)
    expect(len(data) == (count + 7) // 8, "a bit array of another length")
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
