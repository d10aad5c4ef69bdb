"""What a session's cell showed: printed text and displayed values, in the order they came.

``julia/console.jl`` writes everything into one pipe and marks where it changes between standard output,
standard error and displayed values; :class:`OutputReader` reads that.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Bundle = Mapping[str, str | bytes]
"""A value by MIME type: text, or bytes for ``image/png``."""


@dataclass(frozen=True, slots=True)
class Printed:
    """Text that was printed."""

    stream: Literal["stdout", "stderr"]
    text: str


@dataclass(frozen=True, slots=True)
class Displayed:
    """A value that the cell displayed, or the value of its last expression."""

    bundle: Bundle


Shown = Printed | Displayed
_START = b"\x00\x02"
_STOP = b"\x03"
_LONGEST_MARK = 40
# Julia's own notice when a loop that never pauses has to be stopped; our doing, not the cell's.
_NOTICES = ("WARNING: Force throwing a SIGINT\n",)


@dataclass(slots=True)
class OutputReader:
    """Turns the pipe's bytes into :data:`Shown` values. ``limit`` bytes are kept, the rest is counted.

    A program may write marks of its own: it then mislabels what it shows, and nothing else.
    """

    token: str
    limit: int
    on_shown: Callable[[Shown], None] | None = None
    shown: list[Shown] = field(default_factory=list)
    displays: dict[int, Bundle] = field(default_factory=dict)
    ended: set[int] = field(default_factory=set)
    received: int = 0
    _pending: bytearray = field(default_factory=bytearray)
    _stream: Literal["stdout", "stderr"] = "stdout"
    _decoder: Any = field(default_factory=lambda: codecs.getincrementaldecoder("utf-8")("replace"))

    def feed(self, data: bytes) -> None:
        """More bytes of the pipe."""
        self._pending += data
        start = _START + self.token.encode()
        while True:
            at = self._pending.find(start)
            if at < 0:
                keep = _partial(self._pending, start)
                self._print(bytes(self._pending[: len(self._pending) - keep]))
                del self._pending[: len(self._pending) - keep]
                return
            end = self._pending.find(_STOP, at, at + len(start) + _LONGEST_MARK)
            if end < 0 and len(self._pending) - at < len(start) + _LONGEST_MARK:
                self._print(bytes(self._pending[:at]))
                del self._pending[:at]
                return
            self._print(bytes(self._pending[:at]))
            if end < 0:  # too long for a mark
                self._print(start)
                del self._pending[: at + len(start)]
                continue
            mark = bytes(self._pending[at + len(start) : end]).decode(errors="replace")
            del self._pending[: end + 1]
            self._obey(mark)

    def finish(self) -> None:
        """No more bytes come."""
        self._print(bytes(self._pending))
        self._pending.clear()

    def add(self, item: Shown) -> None:
        """Something shown that did not come through the pipe."""
        last = self.shown[-1] if self.shown else None
        if isinstance(item, Printed) and isinstance(last, Printed) and last.stream == item.stream:
            self.shown[-1] = Printed(item.stream, last.text + item.text)
        else:
            self.shown.append(item)
        if self.on_shown is not None:
            self.on_shown(item)

    def _obey(self, mark: str) -> None:
        kind, number = mark[:1], mark[1:]
        if kind in ("o", "e"):
            self._flush()
            self._stream = "stdout" if kind == "o" else "stderr"
        elif kind == "x" and number.isdecimal():
            self._flush()
            self.ended.add(int(number))
        elif kind == "d" and number.isdecimal():
            bundle = self.displays.pop(int(number), None)
            if bundle is not None:
                self.add(Displayed(bundle))

    def _print(self, data: bytes) -> None:
        before, self.received = self.received, self.received + len(data)
        if before >= self.limit:
            return
        text = self._decoder.decode(data[: self.limit - before])
        for notice in _NOTICES:
            text = text.replace(notice, "")
        if text:
            self.add(Printed(self._stream, text))
        if self.received > self.limit:
            self.add(Printed("stderr", f"\n… output is cut here: more than {self.limit} bytes\n"))

    def _flush(self) -> None:
        rest = self._decoder.decode(b"", final=True)
        self._decoder.reset()
        if rest:
            self.add(Printed(self._stream, rest))


def _partial(data: bytearray, start: bytes) -> int:
    """How many bytes at the end may be the beginning of a mark."""
    for n in range(min(len(start) - 1, len(data)), 0, -1):
        if data.endswith(start[:n]):
            return n
    return 0
