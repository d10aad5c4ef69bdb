"""The one implementation of :class:`~jupyter_julia_aot.model.types.ModelClient`, on ``openai``."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jupyter_julia_aot.errors import ModelError, NoServerError, ServerError
from jupyter_julia_aot.model.address import is_loopback
from jupyter_julia_aot.model.bounded import bounded
from jupyter_julia_aot.model.loop import Loop
from jupyter_julia_aot.model.stream import Generation
from jupyter_julia_aot.model.types import Answer, Chunk, Request
from jupyter_julia_aot.records import ModelInfo

if TYPE_CHECKING:
    from openai import AsyncOpenAI

Lease = Callable[[], AbstractContextManager[tuple[str, str]]]
"""Gives ``(base_url, api_key)`` for the time of a request; may start the server."""

_POLL_SECONDS = 0.05
_CONNECT_SECONDS = 5.0
_CLOSE_SECONDS = 1.0
_MAX_TOKENS = 1024


class OpenAIClient:
    """A model behind an OpenAI-compatible server. Usable from several threads.

    ``seconds`` is the longest wait for one answer. Nothing is ever sent twice on its own.
    ``obituary`` says how the server ended, when we started it.
    """

    def __init__(
        self,
        info: ModelInfo,
        *,
        api_key: str = "",
        seconds: float = 600.0,
        lease: Lease | None = None,
        obituary: Callable[[], str] | None = None,
    ) -> None:
        self.info = info
        self.seconds = seconds
        self._lease: Lease = lease or (lambda: contextlib.nullcontext((info.base_url, api_key)))
        self._obituary = obituary
        self._loop = Loop()
        self._clients: dict[tuple[str, str], AsyncOpenAI] = {}
        self._lock = threading.Lock()

    def generate(self, request: Request, cancel: threading.Event | None = None) -> Iterator[Chunk | Answer]:
        """See :meth:`ModelClient.generate <jupyter_julia_aot.model.types.ModelClient.generate>`."""
        if cancel is not None and cancel.is_set():
            return
        with self._lease() as (base_url, api_key):
            items = _Items()
            generation = Generation(
                self._client(base_url, api_key),
                self.info,
                base_url,
                request,
                max_tokens=request.sampling.max_tokens or _MAX_TOKENS,
                seconds=self.seconds,
                emit=items.put,
            )
            future = self._loop.submit(_run(generation, items))
            try:
                yield from self._read(items, future.cancel, cancel)
            finally:
                if not items.ended:
                    future.cancel()
                    items.await_end(_CLOSE_SECONDS)

    def close(self) -> None:
        """Close the connections. The client can be used again."""
        with self._lock:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            with contextlib.suppress(TimeoutError):  # a hanging connection dies with its thread
                self._loop.submit(client.close()).result(timeout=_CLOSE_SECONDS)
        self._loop.stop()

    def _read(
        self,
        items: _Items,
        stop: Callable[[], Any],
        cancel: threading.Event | None,
    ) -> Iterator[Chunk | Answer]:
        deadline: float | None = None
        while True:
            if cancel is not None and cancel.is_set() and deadline is None:
                stop()
                deadline = time.monotonic() + _CLOSE_SECONDS
            try:
                item = items.get(_POLL_SECONDS)
            except queue.Empty:
                if deadline is not None and time.monotonic() > deadline:
                    return
                continue
            if isinstance(item, _End):
                if item.error is not None and deadline is None:
                    raise self._explained(item.error)
                return
            yield item

    def _explained(self, error: BaseException) -> BaseException:
        """``error``, or how the embedded server ended if that is why."""
        if self._obituary is not None and isinstance(error, (ServerError, NoServerError)):
            ended = self._obituary()
            if ended:
                return ServerError(ended, remedy="the next request starts it again")
        return error

    def _client(self, base_url: str, api_key: str) -> AsyncOpenAI:
        with self._lock:
            key = (base_url, api_key)
            if key not in self._clients:
                self._clients[key] = _connect(base_url, api_key)
            return self._clients[key]


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _Items:
    """What the loop's thread hands to the caller's: pieces and answers, then one :class:`_End`."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Chunk | Answer | _End] = queue.SimpleQueue()
        self.put = self._queue.put
        self.ended = False

    def get(self, seconds: float) -> Chunk | Answer | _End:
        """The next item; raises ``queue.Empty`` after ``seconds``."""
        item = self._queue.get(timeout=seconds)
        if isinstance(item, _End):
            self.ended = True
        return item

    def await_end(self, seconds: float) -> None:
        """Wait until the connection is closed and the server free, at most ``seconds``."""
        deadline = time.monotonic() + seconds
        with contextlib.suppress(queue.Empty):  # a server that hangs must not hold up a stop
            while not self.ended:
                self.get(max(0.0, deadline - time.monotonic()))


async def _run(generation: Generation, items: _Items) -> None:
    error: BaseException | None = None
    try:
        await generation.run()
    except asyncio.CancelledError:
        raise
    except BaseException as problem:  # raised again in the caller's thread
        error = problem
    finally:
        items.put(_End(error))


def _connect(base_url: str, api_key: str) -> AsyncOpenAI:
    import httpx2  # openai's transport
    import openai

    scheme = urlsplit(base_url).scheme
    if scheme not in ("http", "https"):
        raise ModelError(f"{base_url!r} is no http address", remedy="correct the setting base_url")
    local = is_loopback(base_url)
    http = openai.DefaultAsyncHttpxClient(
        trust_env=not local,
        follow_redirects=False,
        # Servers close idle connections (llama.cpp after 5 s), and a request on one that is just
        # being closed is lost. A new one costs 0.1 ms on this machine.
        event_hooks={"response": [bounded]},
        limits=httpx2.Limits(max_keepalive_connections=0 if local else 8, keepalive_expiry=2.0),
        # Loading the certificates takes 40 ms; without TLS an empty store does.
        verify=True if scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    )
    return openai.AsyncOpenAI(
        base_url=base_url,
        api_key=api_key or "none",
        http_client=http,
        max_retries=0,
        timeout=openai.Timeout(None, connect=_CONNECT_SECONDS),
    )
