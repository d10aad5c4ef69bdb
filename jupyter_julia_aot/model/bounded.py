"""A limit on the bytes of one response, for servers that never end a line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import TYPE_CHECKING

from jupyter_julia_aot.errors import ServerError

if TYPE_CHECKING:
    import httpx2

# One streamed piece takes 200 to 500 bytes on the wire; model lists and errors fit in the rest.
_BYTES_PER_TOKEN = 2000
_BYTES_AT_LEAST = 4 << 20

_limit: ContextVar[int] = ContextVar("limit", default=_BYTES_AT_LEAST)


def allow(tokens: int) -> None:
    """Let responses to requests of this task be as long as ``tokens`` streamed tokens need."""
    _limit.set(_BYTES_AT_LEAST + _BYTES_PER_TOKEN * tokens)


async def bounded(response: httpx2.Response) -> None:
    """A response hook of the HTTP client: reading past the limit raises :class:`ServerError`."""
    import httpx2

    class Bounded(httpx2.AsyncByteStream):
        def __init__(self, inner: httpx2.AsyncByteStream, most: int) -> None:
            self.inner = inner
            self.most = most

        async def __aiter__(self) -> AsyncIterator[bytes]:
            left = self.most
            async for block in self.inner:
                left -= len(block)
                if left < 0:
                    raise ServerError(
                        f"the model server at {response.url} does not stop: it sent over {self.most} bytes",
                        remedy="check that base_url is the address of an OpenAI-compatible API",
                    )
                yield block

        async def aclose(self) -> None:
            await self.inner.aclose()

    stream = response.stream
    if isinstance(stream, httpx2.AsyncByteStream):
        response.stream = Bounded(stream, _limit.get())
