"""Figures: what our client costs next to a bare ``openai`` call, side by side on one server."""

from __future__ import annotations

import statistics
import threading
import time

import pytest

from jupyter_julia_aot.model.client import OpenAIClient
from jupyter_julia_aot.model.types import Chunk, Request
from jupyter_julia_aot.records import Sampling

from .scripted import Exchange, Scripted, piece, scripted, usage

TOKENS = 400
FIRST_SECONDS = 0.02
PER_TOKEN_SECONDS = 1 / 1000
"""A fast server: 1000 tokens a second, which is a few times what one user gets from a large GPU."""


def paced(exchange: Exchange) -> None:
    """Stream at a fixed pace, by the clock and not by the time the client takes."""
    pause = threading.Event()
    exchange.head()
    began = time.perf_counter() + FIRST_SECONDS
    for i in range(TOKENS):
        pause.wait(max(0.0, began + i * PER_TOKEN_SECONDS - time.perf_counter()))
        exchange.events([piece(f" t{i}")], done=False)
    exchange.events([piece("", finish="stop", **usage(10, TOKENS))])


def raw(server: Scripted) -> tuple[float, float]:
    """Seconds to the first token and to the last, of the bare library."""
    import openai

    with openai.OpenAI(base_url=server.url, api_key="x", max_retries=0) as client:
        began = time.perf_counter()
        first = 0.0
        stream = client.completions.create(
            model="m", prompt="x", max_tokens=TOKENS, stream=True, stream_options={"include_usage": True}
        )
        for chunk in stream:
            if chunk.choices and chunk.choices[0].text and not first:
                first = time.perf_counter() - began
        return first, time.perf_counter() - began


def ours(client: OpenAIClient) -> tuple[float, float]:
    began = time.perf_counter()
    first = 0.0
    for item in client.generate(Request(text="x", sampling=Sampling(n=1, max_tokens=TOKENS))):
        if isinstance(item, Chunk) and not first:
            first = time.perf_counter() - began
    return first, time.perf_counter() - began


@pytest.mark.benchmarks
def test_streaming_through_us_costs_next_to_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with scripted({"/v1/completions": paced}) as server:
        client = OpenAIClient(server.info())
        raw(server), ours(client)  # imports and connections
        pairs = [(raw(server), ours(client)) for _ in range(9)]
        client.close()
    first_raw = statistics.median(r[0] for r, _ in pairs)
    first_ours = statistics.median(o[0] for _, o in pairs)
    rate_raw = statistics.median(TOKENS / r[1] for r, _ in pairs)
    rate_ours = statistics.median(TOKENS / o[1] for _, o in pairs)
    with capsys.disabled():
        print(
            f"\nfirst token: raw {1000 * first_raw:.1f} ms, ours {1000 * first_ours:.1f} ms; "
            f"tokens per second: raw {rate_raw:.0f}, ours {rate_ours:.0f} ({rate_ours / rate_raw:.1%})"
        )
    assert first_ours <= first_raw + 0.010
    assert rate_ours >= 0.97 * rate_raw
