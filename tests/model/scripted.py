"""A real HTTP server on loopback that answers what a test tells it to, byte for byte."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from jupyter_julia_aot.records import ModelInfo

Action = Callable[["Exchange"], None]


@dataclass
class Exchange:
    """One request as the server sees it, and the means to answer."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]
    socket: socket.socket
    server: Scripted

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def head(self, content: str = "text/event-stream", status: str = "200 OK") -> None:
        """Headers of a response that ends with the connection."""
        self.send(f"HTTP/1.1 {status}\r\nContent-Type: {content}\r\nConnection: close\r\n\r\n".encode())

    def reply(self, document: Any, status: str = "200 OK", content: str = "application/json") -> None:
        data = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send(
            f"HTTP/1.1 {status}\r\nContent-Type: {content}\r\nContent-Length: {len(data)}\r\n"
            f"Connection: close\r\n\r\n".encode()
            + data
        )

    def events(self, documents: Iterable[Any], done: bool = True) -> None:
        for document in documents:
            self.send(b"data: " + json.dumps(document).encode() + b"\n\n")
        if done:
            self.send(b"data: [DONE]\n\n")

    def wait_until_closed(self, seconds: float = 10.0) -> bool:
        """Whether the client closes the connection within ``seconds``."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(4096):
                pass
        except TimeoutError:
            return False
        except ConnectionError:
            return True
        return True


@dataclass
class Scripted:
    """The server: ``routes`` map a path to what it does; ``seen`` lists the requests."""

    routes: dict[str, Action]
    port: int = 0
    header: str = "scripted"
    seen: list[Exchange] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def info(self, server: str = "unknown", **more: Any) -> ModelInfo:
        return ModelInfo(base_url=self.url, model="m", source="configured", server=server, **more)


@contextmanager
def scripted(routes: dict[str, Action]) -> Iterator[Scripted]:
    state = Scripted(routes)

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.close_connection = True
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                return
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            exchange = Exchange(
                self.path, json.loads(data) if data else {}, dict(self.headers), self.connection, state
            )
            state.seen.append(exchange)
            action = state.routes.get(self.path) or (
                lambda e: e.reply({"error": "no such page"}, "404 Not Found")
            )
            try:
                action(exchange)
            except ConnectionError:
                state.closed.set()

        def log_message(self, *args: Any) -> None:
            """Keep the test output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


def piece(text: str, index: int = 0, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """A streamed completion chunk."""
    choice = {"index": index, "text": text, "finish_reason": finish, "logprobs": None}
    return {"id": "c", "object": "text_completion", "created": 1, "model": "m", "choices": [choice], **more}


def delta(text: str | None, index: int = 0, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """A streamed chat chunk."""
    choice = {"index": index, "delta": {"content": text} if text is not None else {}, "finish_reason": finish}
    return {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
        **more,
    }


def usage(prompt: int, completion: int, cached: int | None = None) -> dict[str, Any]:
    details = {} if cached is None else {"prompt_tokens_details": {"cached_tokens": cached}}
    return {
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            **details,
        }
    }


def streaming(documents: Iterable[Any]) -> Action:
    """An action that streams ``documents`` and ends properly."""
    kept = list(documents)

    def act(exchange: Exchange) -> None:
        exchange.head()
        exchange.events(kept)

    return act


def models(*names: str, **fields: Any) -> Action:
    """The model list of a server."""
    return lambda e: e.reply(
        {"object": "list", "data": [{"id": n, "object": "model", **fields} for n in names]}
    )
