"""What an exception that ended a trimmed program means: Julia prints it as if the program had crashed."""

from __future__ import annotations

import re

from jupyter_julia_aot.records import Diagnostic

_FATAL = "fatal: error thrown and no exception handler available."
_METHOD_ERROR = re.compile(r"^(?:Core\.)?MethodError\(f=(.+?), args=(\(.*\)), world=0x[0-9a-f]+\)$", re.M)
_OTHER = re.compile(r"^(?:\w+\.)*(\w+(?:Error|Exception|Mismatch))\((.*)\)$", re.M)
_FUNCTION = re.compile(r'(?:[\w!]+\.)*(?:var"#?([^"#]+)#?\d*"|([\w!]+))(?:\(\))?$')
_USER_FRAME = re.compile(r"^(\S.*) at \S*/src/(\S+\.jl):(\d+)", re.M)
_OURS = "julia_aot_"
_MOST = 300


def explain(stderr: str, source_name: str = "") -> Diagnostic | None:
    """The exception that ended a program, at the user's line; ``None`` when the text shows none.

    ``source_name`` is how to name the user's cell or file. Never raises, whatever the text.
    """
    if _FATAL not in stderr:
        return None
    text = stderr[stderr.index(_FATAL) + len(_FATAL) :]
    method, other = _METHOD_ERROR.search(text), _OTHER.search(text)
    if method:
        named = _FUNCTION.match(method[1])
        name = (named[1] or named[2]) if named else method[1]
        message = (
            f"MethodError: no method of {name[:_MOST]} for {method[2][:_MOST]} is in this trimmed program; "
            "such a call was not seen when it was built"
        )
        remedy = "give the values concrete types, or build with --trim no"
    elif other:
        message, remedy = f"{other[1]}: {other[2][:_MOST]}", ""
    else:
        message, remedy = (text.strip().splitlines() or ["an exception"])[0][:_MOST], ""
    place = next((f for f in _USER_FRAME.finditer(text) if not f[2].startswith(_OURS)), None)
    return Diagnostic(
        severity="error",
        message=message,
        file=(source_name or place[2]) if place else None,
        line=int(place[3]) if place else None,
        cause="no method at run time" if method else "",
        remedy=remedy,
    )


def explanation(stderr: str) -> str:
    """What the text means, as a line to put behind it; empty where it shows no exception."""
    found = explain(stderr)
    if found is None:
        return ""
    where = f"{found.file}:{found.line}: " if found.line is not None else ""
    return f"\n{where}{found.message}\n"


def with_explanation(stderr: str) -> str:
    """The text with what it means behind it, for who reads it."""
    meaning = explanation(stderr)
    return f"{stderr.rstrip()}\n{meaning}" if meaning else stderr
