"""What is sent to which server: the arguments of the ``openai`` call, and in how many requests.

llama.cpp and vLLM answer n times to one request and process the prompt once. Ollama and LM Studio
ignore ``n``, so they get n requests. A server we do not know gets n requests, too.
"""

from __future__ import annotations

from typing import Any

from jupyter_julia_aot.model.types import Request
from jupyter_julia_aot.records import ModelInfo, Sampling

MOST_AT_ONCE = 8
"""Requests in flight at a server that takes one sample per request."""

_NATIVE_MOST = {"vLLM": 64, "SGLang": 64}
_PROMPT_PER_SLOT = frozenset({"llama.cpp", "embedded", "Ollama", "LM Studio"})
_PENALTY = {"llama.cpp": "repeat_penalty", "embedded": "repeat_penalty", "LM Studio": "repeat_penalty"}
# Hosted services refuse fields they do not know, so only these servers get the extra ones.
_TAKES_EXTRAS = frozenset({"llama.cpp", "embedded", "vLLM", "SGLang", "LM Studio", "Ollama"})


def groups(info: ModelInfo, n: int) -> tuple[list[range], int]:
    """Sample indices per request, and how many of these requests to have in flight at once."""
    native = _NATIVE_MOST.get(info.server, 1)
    if info.server in ("llama.cpp", "embedded"):
        native = max(1, info.slots or 1)
        at_once = 1
    else:
        at_once = 1 if native > 1 else MOST_AT_ONCE
    return [range(start, min(start + native, n)) for start in range(0, n, native)], at_once


def requests_at_once(info: ModelInfo, n: int) -> int:
    """How many requests for ``n`` answers each to send at the same time, when their prompts begin alike.

    llama.cpp keeps a prompt per slot: each slot would read the common beginning again, which costs more
    than is won (four at once took the embedded model 8.7 s, one after the other 1.4 s). Ollama and LM
    Studio are built on it.
    """
    if info.server in _PROMPT_PER_SLOT:
        return 1
    return max(1, _NATIVE_MOST.get(info.server, MOST_AT_ONCE) // max(1, n))


def arguments(request: Request, info: ModelInfo, indices: range, max_tokens: int) -> dict[str, Any]:
    """Keyword arguments for ``completions.create`` or ``chat.completions.create``."""
    sampling = request.sampling
    values: dict[str, Any] = {
        "model": info.model,
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": max_tokens,
    }
    if len(indices) > 1:
        values["n"] = len(indices)
    if request.text is not None:
        values["prompt"] = request.text
    else:
        values["messages"] = [{"role": m.role, "content": m.content} for m in request.messages or ()]
    if request.stop:
        # The protocol takes four; the servers we know take more, the others get the first four.
        values["stop"] = list(request.stop if info.server in _TAKES_EXTRAS else request.stop[:4])
    if sampling.temperature is not None:
        values["temperature"] = sampling.temperature
    if sampling.top_p is not None:
        values["top_p"] = sampling.top_p
    if sampling.seed is not None:
        # Each request its own seed, or n requests would give n equal answers.
        values["seed"] = (sampling.seed + indices.start) % (1 << 31)
    extra = _extras(sampling, info.server)
    if extra:
        values["extra_body"] = extra
    return values


def _extras(sampling: Sampling, server: str) -> dict[str, Any]:
    if server not in _TAKES_EXTRAS:
        return {}
    values = {
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        _PENALTY.get(server, "repetition_penalty"): sampling.repetition_penalty,
    }
    return {key: value for key, value in values.items() if value is not None}
