"""Frozen dataclasses as JSON and back: the form in which records are stored, sent and printed."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

R = TypeVar("R")


def to_json(value: Any) -> Any:
    """Turn a record into dicts, lists and scalars that :mod:`json` can write."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): to_json(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_json(v) for v in value]
    return value


def from_json(cls: type[R], data: Any, path: str = "$") -> R:
    """Read a record written by :func:`to_json`.

    Raises ``ValueError`` naming the path of an unknown, missing or ill-typed field
    (``unknown field 'x' - at $.trial``).
    """
    return typing.cast(R, _decode(cls, data, path))


def _decode(kind: Any, data: Any, path: str) -> Any:
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return data
    if dataclasses.is_dataclass(kind):
        return _decode_record(typing.cast(type, kind), data, path)
    if origin is Literal:
        if data not in args:
            raise ValueError(f"{data!r} is not one of {', '.join(map(repr, args))} - at {path}")
        return data
    if origin in (typing.Union, types.UnionType):
        return _decode_union(args, data, path)
    if origin is tuple:
        _expect(isinstance(data, (list, tuple)), "a list", data, path)
        return tuple(_decode(args[0], v, f"{path}[{i}]") for i, v in enumerate(data))
    if origin is not None and issubclass(origin, Mapping):
        _expect(isinstance(data, Mapping), "an object", data, path)
        return {k: _decode(args[1], v, f"{path}.{k}") for k, v in data.items()}
    if kind is float:
        _expect(isinstance(data, (int, float)) and not isinstance(data, bool), "a number", data, path)
        return float(data)
    if kind is int:
        _expect(isinstance(data, int) and not isinstance(data, bool), "an integer", data, path)
        return data
    _expect(isinstance(data, kind), kind.__name__, data, path)
    return data


def _decode_record(kind: type, data: Any, path: str) -> Any:
    _expect(isinstance(data, Mapping), "an object", data, path)
    hints = typing.get_type_hints(kind)
    for key in data:
        if key not in hints:
            raise ValueError(f"unknown field {key!r} - at {path}")
    values = {k: _decode(hints[k], v, f"{path}.{k}") for k, v in data.items()}
    missing = [
        f.name
        for f in dataclasses.fields(kind)
        if f.name not in values
        and f.default is dataclasses.MISSING
        and f.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ValueError(f"missing field {missing[0]!r} - at {path}")
    return kind(**values)


def _decode_union(args: tuple[Any, ...], data: Any, path: str) -> Any:
    if data is None and types.NoneType in args:
        return None
    problems = []
    for kind in args:
        if kind is types.NoneType:
            continue
        try:
            return _decode(kind, data, path)
        except ValueError as error:
            problems.append(str(error))
    raise ValueError(problems[0])


def _expect(ok: bool, wanted: str, data: Any, path: str) -> None:
    if not ok:
        raise ValueError(f"expected {wanted}, got {type(data).__name__} - at {path}")
