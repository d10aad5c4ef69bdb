"""Bad answers of a server: one clear error each, and nothing that was whole is lost."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from typing import Any

import pytest

from jupyter_julia_aot.errors import (
    ModelTimeoutError,
    NoServerError,
    ServerError,
)
from jupyter_julia_aot.model.client import OpenAIClient
from jupyter_julia_aot.model.types import Answer, Chunk
from tests.patience import A_SECOND

from .asking import CHAT, answers, ask, chat, failing
from .scripted import Exchange, Scripted, delta, scripted, streaming


def test_no_server() -> None:
    with scripted({}) as server:
        info = server.info()
    with pytest.raises(NoServerError, match="does not answer") as caught:
        list(OpenAIClient(info).generate(chat()))
    assert info.base_url in str(caught.value)
    assert caught.value.remedy


def test_server_dies_in_the_middle() -> None:
    def act(exchange: Exchange) -> None:
        exchange.send(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        data = b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'
        exchange.send(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    error, requests = failing(act)
    assert isinstance(error, ServerError)
    assert "middle of an answer" in str(error)
    assert requests == 1, "nothing is retried"


def test_server_ends_the_stream_without_an_end() -> None:
    def act(exchange: Exchange) -> None:
        exchange.head()
        exchange.events([delta("x")], done=False)

    error, _ = failing(act)
    assert isinstance(error, ServerError)
    assert "in the middle" in str(error)


def test_server_resets_the_connection_before_answering() -> None:
    error, _ = failing(lambda e: None)
    assert isinstance(error, ServerError)


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "502 Bad Gateway"])
def test_html(status: str) -> None:
    page = b"<!DOCTYPE html><html><script>alert(1)</script><body>Log in</body></html>"
    error, _ = failing(lambda e: e.reply(page, status, "text/html; charset=utf-8"))
    assert isinstance(error, ServerError)
    assert "web page" in str(error)
    assert "base_url" in str(error)


def test_json_that_is_no_answer() -> None:
    error, _ = failing(lambda e: e.reply({"hello": "world"}))
    assert isinstance(error, ServerError)


def test_a_stream_that_is_no_json() -> None:
    def act(exchange: Exchange) -> None:
        exchange.head()
        exchange.send(b"data: {broken\n\ndata: [DONE]\n\n")

    error, _ = failing(act)
    assert isinstance(error, ServerError)
    assert "no answer" in str(error)


@pytest.mark.parametrize(
    "script",
    [[], [delta(None, finish="stop")], [delta("", finish="stop")], [delta("  \n", finish="stop")]],
    ids=["no events", "no text", "empty text", "blanks"],
)
def test_empty_answer(script: list[Any]) -> None:
    error, _ = failing(streaming(script))
    assert isinstance(error, ServerError)
    assert "nothing" in str(error)


def test_one_empty_answer_among_others_is_fine() -> None:
    script = [delta("x", 1), delta(None, 0, "stop"), delta(None, 1, "stop")]
    with scripted({CHAT: streaming(script)}) as server:
        assert [a.text for a in answers(ask(server, chat(2), "vLLM"))] == ["", "x"]


@pytest.mark.parametrize("text", ["x", "x" * 100_000], ids=["pieces", "huge pieces"])
def test_endless_answer(text: str) -> None:
    def act(exchange: Exchange) -> None:
        exchange.head()
        while True:
            exchange.events([delta(text)], done=False)

    error, _ = failing(act)
    assert isinstance(error, ServerError)
    assert "does not stop" in str(error)


def test_an_endless_line_does_not_fill_the_memory() -> None:
    def act(exchange: Exchange) -> None:
        exchange.head()
        exchange.send(b"data: ")
        while True:
            exchange.send(b"x" * 65536)

    error, _ = failing(act)
    assert isinstance(error, ServerError)
    assert "does not stop" in str(error)


def test_own_timeout_and_no_retry() -> None:
    with scripted({CHAT: lambda e: e.wait_until_closed() or None}) as server:
        client = OpenAIClient(server.info(), seconds=0.3)
        began = time.monotonic()
        with pytest.raises(ModelTimeoutError, match="in time"):
            list(client.generate(chat()))
        assert time.monotonic() - began < A_SECOND
        assert len(server.seen) == 1
        client.close()


def test_wrong_model_name() -> None:
    reply = {"error": {"message": "model 'm' not found", "type": "not_found_error"}}
    error, _ = failing(lambda e: e.reply(reply, "404 Not Found"))
    assert isinstance(error, ServerError)
    assert "'m'" in str(error)
    assert "setting model" in str(error)


def test_refused_key() -> None:
    error, _ = failing(lambda e: e.reply({"error": {"message": "Invalid API Key"}}, "401 Unauthorized"))
    assert isinstance(error, ServerError)
    assert "API key" in str(error)


def test_error_in_the_stream() -> None:
    error, _ = failing(streaming([delta("x"), {"error": {"message": "CUDA out of memory", "code": 500}}]))
    assert isinstance(error, ServerError)
    assert "CUDA out of memory" in str(error)


def test_a_request_that_fails_leaves_those_under_way_alone() -> None:
    dead, numbers = threading.Event(), itertools.count()

    def act(exchange: Exchange) -> None:
        number = next(numbers)  # both requests may come in at once
        exchange.head()
        if number == 0:
            exchange.events([delta("whole")], done=False)
            assert dead.wait(60)
            # The client has time to see the other end; were it late, the test would only see less.
            threading.Event().wait(0.3)
            exchange.events([delta(" answer"), delta(None, finish="stop")])
        else:
            exchange.events([delta("cut")], done=False)
            exchange.socket.shutdown(socket.SHUT_RDWR)
            dead.set()

    items: list[Chunk | Answer] = []

    def read(server: Scripted) -> None:
        for item in OpenAIClient(server.info("unknown")).generate(chat(2)):
            items.append(item)

    with scripted({CHAT: act}) as server, pytest.raises(ServerError):
        read(server)
    assert [a.text for a in answers(items)] == ["whole answer"]


def test_after_a_failure_no_further_request_is_sent() -> None:
    def act(exchange: Exchange) -> None:
        exchange.reply({"error": "out of memory"}, "500 Internal Server Error")

    error, requests = failing(act, chat(64))
    assert isinstance(error, ServerError)
    assert requests < 64
