"""How Python and a Julia worker talk: length-prefixed MessagePack messages over pipes.

A **frame** is four bytes, the payload's length as a big-endian unsigned integer, then the payload: one
MessagePack object. A **message** is a MessagePack map whose key ``"type"`` names its kind.

The first frame on each channel is the worker's *hello*::

    {"type": "hello", "protocol": 1, "worker": "trial" | "session", "julia": "1.12.5", ...}

and :func:`check_hello` refuses a worker of another protocol version. After it, the messages are those of
the worker's kind (``trial/messages.py`` for trials, ``trial/session.py`` for sessions). Unknown keys are
ignored, so that either side may add some; a changed meaning raises :data:`PROTOCOL_VERSION`.

Everything read here may have been written by a hostile program: lengths are bounded, nothing is trusted
but the bytes' well-formedness. :func:`encode_frame` and :func:`decode_frame` are inverse functions.
"""

from __future__ import annotations

import os
import select
import struct
import time
from collections.abc import Callable
from typing import Any

import msgpack

from jupyter_julia_aot.errors import WorkerError

PROTOCOL_VERSION = 1
MAX_FRAME_BYTES = 1 << 30
"""Longest payload either side accepts."""

_HEADER = struct.Struct(">I")


class ProtocolError(WorkerError):
    """What came over the channel is no frame, or not the message that was due."""


class ChannelClosedError(WorkerError):
    """The other side closed the channel, usually because it ended."""


class ChannelTimeoutError(WorkerError):
    """No complete frame arrived within the time given."""


def encode_frame(message: Any, *, default: Callable[[Any], Any] | None = None) -> bytes:
    """One frame. ``default`` turns objects MessagePack does not know into ones it does.

    Raises ``ProtocolError`` when the payload is longer than ``MAX_FRAME_BYTES``.
    """
    payload: bytes = msgpack.packb(message, use_bin_type=True, default=default)
    if len(payload) > MAX_FRAME_BYTES:
        raise ProtocolError(f"a message of {len(payload)} bytes is longer than the protocol allows")
    return _HEADER.pack(len(payload)) + payload


def decode_payload(payload: bytes, *, ext_hook: Callable[[int, bytes], Any] | None = None) -> Any:
    """The object in a frame's payload. Raises ``ProtocolError`` for anything but one MessagePack object."""
    try:
        return msgpack.unpackb(
            payload,
            raw=False,
            strict_map_key=False,
            ext_hook=ext_hook or msgpack.ExtType,
        )
    except Exception as error:  # msgpack raises many kinds; all mean the same here
        raise ProtocolError(f"the worker sent something that is not MessagePack: {error}") from error


def decode_frame(frame: bytes, *, ext_hook: Callable[[int, bytes], Any] | None = None) -> Any:
    """The object in one whole frame; inverse of :func:`encode_frame`. Raises ``ProtocolError``."""
    if len(frame) < _HEADER.size:
        raise ProtocolError("a frame is at least four bytes long")
    (length,) = _HEADER.unpack_from(frame)
    if length != len(frame) - _HEADER.size:
        raise ProtocolError(f"a frame announces {length} bytes and carries {len(frame) - _HEADER.size}")
    return decode_payload(frame[_HEADER.size :], ext_hook=ext_hook)


def check_hello(message: Any, worker: str) -> dict[str, Any]:
    """The hello message, checked. Raises ``ProtocolError`` when it is none of ours."""
    if not isinstance(message, dict) or message.get("type") != "hello":
        raise ProtocolError("the worker did not greet")
    if message.get("protocol") != PROTOCOL_VERSION or message.get("worker") != worker:
        raise ProtocolError(
            f"the worker speaks protocol {message.get('protocol')!r} as {message.get('worker')!r}, "
            f"expected {PROTOCOL_VERSION} as {worker!r}"
        )
    return message


class Channel:
    """Frames over two file descriptors, which stay the caller's to close.

    ``ext_hook`` and ``default`` are MessagePack's hooks for values beyond its own types. One thread may
    send while another receives; two must not do the same.
    """

    def __init__(
        self,
        read_fd: int,
        write_fd: int,
        *,
        ext_hook: Callable[[int, bytes], Any] | None = None,
        default: Callable[[Any], Any] | None = None,
    ) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._ext_hook = ext_hook
        self._default = default
        self._buffer = bytearray()

    def send(self, message: Any) -> None:
        """Write one frame, blocking. Raises ``ChannelClosedError`` when nobody reads."""
        self.send_raw(encode_frame(message, default=self._default))

    def send_raw(self, frame: bytes) -> None:
        """Write bytes that are a frame already."""
        view = memoryview(frame)
        try:
            while view:
                view = view[os.write(self._write_fd, view) :]
        except (BrokenPipeError, OSError) as error:
            raise ChannelClosedError(f"the worker no longer reads: {error}") from error

    def receive(self, timeout: float | None = None) -> Any:
        """The next message. ``timeout`` in seconds; ``None`` waits for as long as it takes.

        Raises ``ChannelTimeoutError``, ``ChannelClosedError`` or ``ProtocolError``. After a timeout the
        bytes that did arrive are kept, so the call can be repeated.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            payload = self._take()
            if payload is not None:
                return decode_payload(payload, ext_hook=self._ext_hook)
            self._fill(deadline)

    def _take(self) -> bytes | None:
        if len(self._buffer) < _HEADER.size:
            return None
        (length,) = _HEADER.unpack_from(self._buffer)
        if length > MAX_FRAME_BYTES:
            raise ProtocolError(f"a frame announces {length} bytes, more than the protocol allows")
        end = _HEADER.size + length
        if len(self._buffer) < end:
            return None
        payload = bytes(self._buffer[_HEADER.size : end])
        del self._buffer[:end]
        return payload

    def _fill(self, deadline: float | None) -> None:
        poller = select.poll()  # select() cannot watch descriptors above 1023
        poller.register(self._read_fd, select.POLLIN)
        if deadline is None:
            poller.poll()
        else:
            left = deadline - time.monotonic()
            if left <= 0 or not poller.poll(left * 1000):
                raise ChannelTimeoutError("the worker did not answer in time")
        try:
            data = os.read(self._read_fd, 1 << 16)
        except OSError as error:
            raise ChannelClosedError(f"the worker's channel broke: {error}") from error
        if not data:
            raise ChannelClosedError("the worker closed its channel")
        self._buffer += data
