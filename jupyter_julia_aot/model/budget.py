"""The context budget: does the prompt fit, how long may the answer be, did the server cut it.

Token counts are exact where the server counts for us (llama.cpp's ``/tokenize``). Elsewhere they
are bounds: a token of any text we send is between 1 and 8 characters, 3.5 on average for code.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from jupyter_julia_aot.model.failures import overflow
from jupyter_julia_aot.model.types import Request
from jupyter_julia_aot.records import ModelInfo

CHARACTERS_PER_TOKEN = 3.5
_MOST_CHARACTERS_PER_TOKEN = 8.0
_MESSAGE_TOKENS = 8
"""Template tokens around one chat message (role, markers)."""
_SHORTEST_ANSWER = 32
_MARGIN = 4
_CUTTERS = {
    "Ollama": "start Ollama with OLLAMA_CONTEXT_LENGTH set higher",
    "LM Studio": "load the model with a larger context length",
}
"""Servers that cut a prompt silently, and what to do about it."""


def counts_tokens(info: ModelInfo) -> bool:
    """Whether the server has llama.cpp's ``/tokenize``."""
    return info.server in ("llama.cpp", "embedded")


def worth_counting(request: Request, info: ModelInfo, max_tokens: int) -> bool:
    """Whether the prompt might not fit, so that counting its tokens is worth a request."""
    if info.context_tokens is None:
        return False
    most = len(request.prompt_text()) / 2 + _overhead(request)
    return most + max_tokens * _sharing(request, info) > info.context_tokens


def answer_tokens(request: Request, info: ModelInfo, max_tokens: int, counted: int | None) -> int:
    """How long the answer may be: ``max_tokens``, or less when the context leaves less.

    ``counted``: the exact tokens of the prompt's text, if known. Raises ``ContextOverflowError``
    when the prompt leaves no room for an answer.
    """
    context = info.context_tokens
    if context is None:
        return max_tokens
    text = request.prompt_text()
    if counted is not None:
        prompt = counted + _overhead(request)
        room = (context - prompt - _MARGIN) // _sharing(request, info)
        if room < min(_SHORTEST_ANSWER, max_tokens):
            raise overflow(prompt, context)
        return min(max_tokens, room)
    least = int(len(text) / _MOST_CHARACTERS_PER_TOKEN)
    if least >= context:
        raise overflow(least, context)
    likely = int(len(text) / CHARACTERS_PER_TOKEN) + _overhead(request)
    return max(min(max_tokens, context - likely - _MARGIN), min(_SHORTEST_ANSWER, max_tokens))


def _overhead(request: Request) -> int:
    return _MESSAGE_TOKENS * (len(request.messages) + 1) if request.messages else 1


def _sharing(request: Request, info: ModelInfo) -> int:
    """How many answers share the context: the embedded server has one pool for all its slots."""
    return max(1, min(request.sampling.n, info.slots or 1)) if info.server == "embedded" else 1


def context_filled(info: ModelInfo, prompt_tokens: int, completion_tokens: int) -> bool:
    """Whether an answer that ended with ``length`` filled the context, not ``max_tokens``."""
    return (
        info.context_tokens is not None
        and prompt_tokens > 0
        and prompt_tokens + completion_tokens >= info.context_tokens - 1
    )


def truncation_warning(request: Request, info: ModelInfo, prompt_tokens: int, total: int) -> str:
    """A warning when the server has dropped part of the prompt without saying so; else empty.

    Ollama cuts the prompt at its own context size (4096 on small GPUs), whatever the request says;
    LM Studio does unless told to stop at the limit. The others refuse such a prompt.
    """
    remedy = _CUTTERS.get(info.server)
    if remedy is None or prompt_tokens <= 0:
        return ""
    least = len(request.prompt_text()) / _MOST_CHARACTERS_PER_TOKEN
    if prompt_tokens < least:
        return f"{info.server} has read only {prompt_tokens} tokens of the prompt: it was cut; {remedy}"
    if info.context_tokens is not None and total >= info.context_tokens:
        return (
            f"{info.server} filled its context of {info.context_tokens} tokens: "
            f"the prompt may have been cut; {remedy}"
        )
    return ""


def _common(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low


@dataclass
class CacheWatch:
    """Compares what the server's prefix cache held with what it should have held."""

    base_url: str = ""
    seen: list[str] = field(default_factory=list)
    warned: bool = False

    def expected(self, text: str) -> float:
        """The share (0 to 1) of ``text`` that some earlier prompt began with."""
        if not text:
            return 0.0
        return max((_common(text, old) for old in self.seen), default=0) / len(text)

    def remember(self, text: str) -> None:
        """Note that ``text`` was processed; the newest 8 are kept."""
        self.seen = [*(old for old in self.seen if old != text), text][-8:]

    def warning(self, share: float, prompt_tokens: int, cached_tokens: int) -> str:
        """A warning, once, when under half of an expected prefix of 200 tokens or more was cached."""
        wanted = share * prompt_tokens
        if self.warned or wanted < 200 or cached_tokens >= wanted / 2:
            return ""
        self.warned = True
        return (
            f"the server's prompt cache held {cached_tokens} of about {int(wanted)} expected tokens: "
            "each request processes the whole prompt again; give it more cache (llama.cpp: --cache-ram, "
            "more --parallel slots) or fewer users"
        )


_watches: dict[tuple[str, str], CacheWatch] = {}


def cache_watch(info: ModelInfo, base_url: str) -> CacheWatch:
    """The watch of this server and model; a server that was restarted (new address) starts empty."""
    key = (info.server if info.source == "embedded" else base_url, info.model)
    watch = _watches.get(key)
    if watch is None or watch.base_url != base_url:
        watch = _watches[key] = CacheWatch(base_url=base_url)
    return watch
