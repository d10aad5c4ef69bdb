"""Messages of Julia and its trim verifier as diagnostics that point at the user's own lines."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from jupyter_julia_aot.records import Diagnostic, Severity

MOST = 50
_HEAD = re.compile(r"^Verifier (error|warning) #(\d+): (.+)$")
_FRAME = re.compile(r"^ +\[(\d+)\] (.+)$")
_PLACE = re.compile(r"^ +@ (?:(\S+) )?(\S.*?):(\d+)( \[inlined\])?$")
_LOAD = re.compile(r"in expression starting at (\S.*?):(\d+)")
_ERROR = re.compile(r"^(?:ERROR: |error: )(?:LoadError: |InitError: )*(.+)$")
_SYNTAX_PLACE = re.compile(r"^# Error @ .*?(\S+\.jl):(\d+):\d+")
# What Julia says about a failure in a process it started; the cause follows.
_WRAPPER = re.compile(r"^(The following \d+ |Failed to precompile|failed process)")
_ENDS = re.compile(r"^(Stacktrace:|in expression starting| *\[1\] )")
_OLD_FRAME = re.compile(r"^ *\[\d+\] .+ at (\S.*?):(\d+)$")


def read_diagnostics(output: str, sources: Mapping[str, str] | None = None) -> tuple[Diagnostic, ...]:
    """The first ``MOST`` diagnostics in a compiler's output, each at the user's innermost line.

    ``sources`` maps the end of a file's path to the name to show; messages about other files carry
    no place. Never raises, whatever the text.
    """
    known = dict(sources or {})
    lines = output.splitlines()
    found: list[Diagnostic] = []
    for index, line in enumerate(lines):
        if len(found) == MOST:
            break
        head = _HEAD.match(line)
        if head:
            severity: Severity = "error" if head[1] == "error" else "warning"
            file, number = _blame(_frames(lines, index + 1), known)
            diagnostic = Diagnostic(severity=severity, message=head[3], file=file, line=number)
            # The same statement is told once for each caller that was looked at.
            if diagnostic not in found:
                found.append(diagnostic)
    return tuple(found) if found else _plain_error(lines, known)


def _frames(lines: list[str], start: int) -> Iterator[tuple[str, int]]:
    """Places of the stack trace after a verifier's head, innermost first."""
    for line in lines[start:]:
        if _HEAD.match(line) or line.startswith("Trim verify finished"):
            return
        place = _PLACE.match(line)
        if place:
            yield place[2], int(place[3])


def _blame(frames: Iterator[tuple[str, int]], known: Mapping[str, str]) -> tuple[str | None, int | None]:
    for path, number in frames:
        shown = _shown(path, known)
        if shown is not None:
            return shown, number
    return None, None


def _shown(path: str, known: Mapping[str, str]) -> str | None:
    full = os.path.expanduser(path).replace("\\", "/")  # noqa: PTH111 - compared as text, never opened
    for ending, name in known.items():
        if full == ending or full.endswith(f"/{ending}") or ("…" in full and full.endswith(ending[-20:])):
            return name
    return None


def _plain_error(lines: list[str], known: Mapping[str, str]) -> tuple[Diagnostic, ...]:
    """An exception while loading the code: its message, at the user's line nearest to it."""
    for index, line in enumerate(lines):
        error = _ERROR.match(line)
        if not error or _WRAPPER.match(error[1]):
            continue
        following = lines[index + 1 : index + 200]
        end = next((i for i, text in enumerate(following) if _ENDS.match(text)), len(following))
        message = [error[1], *following[: min(end, 5)]]
        places = [(m[1], int(m[2])) for m in map(_SYNTAX_PLACE.match, following[:end]) if m]
        for text in following:
            if place := _PLACE.match(text):
                places.append((place[2], int(place[3])))
            elif old := _OLD_FRAME.match(text):
                places.append((old[1], int(old[2])))
        places += [(m[1], int(m[2])) for m in map(_LOAD.search, lines[index:]) if m]
        file, number_found = _blame(iter(places), known)
        told = "\n".join(message).strip()[:2000]
        return (Diagnostic(severity="error", message=told, file=file, line=number_found),)
    return ()
