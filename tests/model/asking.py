"""Requests to a scripted server, and what came back, for the tests of the client."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_julia_aot.model.client import OpenAIClient
from jupyter_julia_aot.model.types import Answer, Chunk, Message, Request
from jupyter_julia_aot.records import Sampling, Usage

from .scripted import Scripted, scripted

TEXT = "/v1/completions"
CHAT = "/v1/chat/completions"


def completion(n: int = 1, **more: Any) -> Request:
    return Request(text="function f(x)", sampling=Sampling(n=n, **{"max_tokens": 50, **more}))


def chat(n: int = 1, text: str = "write f", **more: Any) -> Request:
    return Request(
        messages=(Message(role="user", content=text),), sampling=Sampling(n=n, **{"max_tokens": 50, **more})
    )


def ask(server: Scripted, request: Request, kind: str = "unknown", **more: Any) -> list[Chunk | Answer]:
    client = OpenAIClient(server.info(kind, **more), seconds=60)
    try:
        return list(client.generate(request))
    finally:
        client.close()


def answers(items: list[Chunk | Answer]) -> list[Answer]:
    return sorted((i for i in items if isinstance(i, Answer)), key=lambda a: a.index)


def total(items: list[Chunk | Answer]) -> Usage:
    return sum((a.usage for a in answers(items)), Usage())


def failing(
    action: Any, request: Request | None = None, kind: str = "unknown", **more: Any
) -> tuple[Exception, int]:
    """The error that ``action`` leads to, and how many requests were sent."""
    with scripted({TEXT: action, CHAT: action}) as server:
        with pytest.raises(Exception) as caught:
            ask(server, request or chat(), kind, **more)
        return caught.value, len(server.seen)
