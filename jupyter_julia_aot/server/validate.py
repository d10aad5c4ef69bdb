"""Reading requests: every value is checked, and a message names the field it is about."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from typing import Any

from jupyter_julia_aot.errors import JuliaAotError

MAX_BODY_BYTES = 4 << 20


class RequestError(JuliaAotError):
    """A request is wrong. ``status`` is the HTTP status, ``field`` what it is about."""

    def __init__(self, message: str, *, field: str = "", status: int = 400, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.field = field
        self.status = status


def body_fields(body: bytes, known: Collection[str]) -> dict[str, Any]:
    """The JSON object in ``body``; an empty body is an empty object. Unknown fields are errors."""
    if len(body) > MAX_BODY_BYTES:
        raise RequestError(f"the request is longer than {MAX_BODY_BYTES >> 20} MiB", field="body", status=413)
    try:
        data = json.loads(body.decode("utf-8")) if body.strip() else {}
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise RequestError(f"the body is not JSON: {error}", field="body") from error
    if not isinstance(data, dict):
        raise RequestError(f"expected a JSON object, got {type(data).__name__}", field="body")
    for key in data:
        if key not in known:
            raise RequestError(
                f"unknown field {key!r}",
                field=str(key),
                remedy=f"fields are: {', '.join(sorted(known)) or 'none'}",
            )
    return data


class Fields:
    """Typed access to a mapping of request fields (a body, or query arguments as text)."""

    def __init__(self, data: Mapping[str, Any], *, text: bool = False) -> None:
        self.data = data
        self._text = text

    def string(
        self, name: str, default: str | None = None, *, most: int = 1 << 20, one_of: Collection[str] = ()
    ) -> str:
        """A string of at most ``most`` characters without NUL."""
        value = self.data.get(name, default)
        if value is None:
            raise RequestError(f"missing field {name!r}", field=name)
        if not isinstance(value, str):
            raise RequestError(f"{name}: expected text, got {type(value).__name__}", field=name)
        if len(value) > most:
            raise RequestError(f"{name}: longer than {most} characters", field=name)
        if "\0" in value:
            raise RequestError(f"{name}: contains a NUL character", field=name)
        if one_of and value not in one_of:
            raise RequestError(f"{name}: {value!r} is not one of {', '.join(one_of)}", field=name)
        return value

    def identifier(self, name: str) -> str:
        """A name that is a Julia and Python identifier in ASCII (also a safe file name)."""
        value = self.string(name, most=100)
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*!?", value):
            raise RequestError(
                f"{name}: {value!r} is not an identifier", field=name, remedy="letters, digits and _ only"
            )
        return value

    def integer(self, name: str, default: int | None = None, *, least: int = 0, most: int = 10**9) -> int:
        """An integer within ``least`` … ``most``."""
        value = self.data.get(name, default)
        if value is None:
            raise RequestError(f"missing field {name!r}", field=name)
        if self._text and isinstance(value, str):
            if not re.fullmatch(r"-?\d{1,15}", value):
                raise RequestError(f"{name}: {value!r} is not an integer", field=name)
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise RequestError(f"{name}: expected an integer, got {type(value).__name__}", field=name)
        if not least <= value <= most:
            raise RequestError(f"{name}: {value} is not within {least} … {most}", field=name)
        return value

    def number(self, name: str, default: float | None = None, *, least: float = 0.0) -> float | None:
        """A finite number of at least ``least``, or ``default`` when it is absent."""
        value = self.data.get(name, default)
        if value is None:
            return None
        if self._text and isinstance(value, str):
            try:
                value = float(value)
            except ValueError as error:
                raise RequestError(f"{name}: {value!r} is not a number", field=name) from error
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
            raise RequestError(f"{name}: expected a number", field=name)
        if value < least:
            raise RequestError(f"{name}: {value} is below {least}", field=name)
        return float(value)

    def flag(self, name: str, default: bool | None = None) -> bool:
        """``true`` or ``false``."""
        value = self.data.get(name, default)
        if self._text and isinstance(value, str) and value in ("true", "false"):
            value = value == "true"
        if not isinstance(value, bool):
            raise RequestError(f"{name}: expected true or false", field=name)
        return value

    def strings(self, name: str, *, most: int = 100) -> list[str]:
        """A list of at most ``most`` strings, empty when absent."""
        value = self.data.get(name, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise RequestError(f"{name}: expected a list of texts", field=name)
        if len(value) > most:
            raise RequestError(f"{name}: more than {most} entries", field=name)
        if any("\0" in v for v in value):
            raise RequestError(f"{name}: contains a NUL character", field=name)
        return value
