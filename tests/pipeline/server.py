"""A scripted model server that hands out whole answers, for runs of the pipeline."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.model.scripted import Exchange, Scripted, delta, models, scripted, usage

CHAT = "/v1/chat/completions"


@contextmanager
def answering(*answers: str, last: Any = None) -> Iterator[Scripted]:
    """A chat server whose choices are ``answers`` in order, then ``last(exchange)`` or ``"?"``."""
    lock = threading.Lock()
    left = list(answers)

    def act(exchange: Exchange) -> None:
        count = int(exchange.body.get("n") or 1)
        with lock:
            mine = [left.pop(0) if left else None for _ in range(count)]
        if mine[0] is None and last is not None:
            last(exchange)
            return
        exchange.head()
        for index, text in enumerate(mine):
            exchange.events([delta(text or "?", index)], done=False)
        for index, _ in enumerate(mine):
            more = usage(10, 5) if index == count - 1 else {}
            exchange.events([delta(None, index, "stop", **more)], done=index == count - 1)

    with scripted({CHAT: act, "/v1/models": models("m")}) as server:
        yield server


def fenced(code: str) -> str:
    """An answer as models give it."""
    return f"Here it is:\n\n```julia\n{code}\n```\n"
