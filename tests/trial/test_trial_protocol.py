"""Frames are inverse functions, and bad bytes give one error kind."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_julia_aot.trial.protocol import (
    PROTOCOL_VERSION,
    Channel,
    ChannelClosedError,
    ChannelTimeoutError,
    ProtocolError,
    check_hello,
    decode_frame,
    encode_frame,
)

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
)
messages = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5)
)


@given(messages)
def test_a_frame_decodes_to_what_was_encoded(message: object) -> None:
    assert decode_frame(encode_frame(message)) == message


@given(st.binary(max_size=200))
def test_any_bytes_decode_or_raise_protocol_error(data: bytes) -> None:
    try:
        decode_frame(data)
    except ProtocolError:
        return


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    yield read, write
    for fd in (read, write):
        try:
            os.close(fd)
        except OSError:
            continue  # the test closed it


@given(st.lists(messages, min_size=1, max_size=5))
def test_messages_come_out_in_order_through_a_pipe(sent: list[object]) -> None:
    read, write = os.pipe()
    try:
        channel = Channel(read, write)
        writer = threading.Thread(target=lambda: [channel.send(m) for m in sent])
        writer.start()
        received = [channel.receive(10) for _ in sent]
        writer.join()
        assert received == sent
    finally:
        os.close(read)
        os.close(write)


def test_a_closed_channel_and_a_silent_one_are_told_apart(pipe: tuple[int, int]) -> None:
    read, write = pipe
    channel = Channel(read, write)
    with pytest.raises(ChannelTimeoutError):
        channel.receive(0.01)
    os.close(write)
    with pytest.raises(ChannelClosedError):
        channel.receive(1)


def test_a_frame_may_arrive_in_pieces_across_a_timeout(pipe: tuple[int, int]) -> None:
    read, write = pipe
    channel = Channel(read, write)
    frame = encode_frame({"type": "hello"})
    os.write(write, frame[:6])
    with pytest.raises(ChannelTimeoutError):
        channel.receive(0.01)
    os.write(write, frame[6:])
    assert channel.receive(1) == {"type": "hello"}


def test_an_announced_length_beyond_the_limit_is_refused(pipe: tuple[int, int]) -> None:
    read, write = pipe
    os.write(write, b"\xff\xff\xff\xff")
    with pytest.raises(ProtocolError):
        Channel(read, write).receive(1)


def test_hello_of_another_version_is_refused() -> None:
    good = {"type": "hello", "protocol": PROTOCOL_VERSION, "worker": "trial"}
    assert check_hello(good, "trial") == good
    for bad in ({**good, "protocol": PROTOCOL_VERSION + 1}, {**good, "worker": "session"}, {}, "hello", None):
        with pytest.raises(ProtocolError):
            check_hello(bad, "trial")
