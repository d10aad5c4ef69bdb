"""Which sample has what text, and what it cost.

The rules (measured on llama.cpp, vLLM's and Ollama's read from their sources):

- one sample per request: the last usage the server sent counts, it may be sent with every piece;
- n samples in one request: llama.cpp sends one usage per sample, vLLM one for all: the completion
  tokens add up; the prompt is the same one, so it counts once.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

from jupyter_julia_aot.model.types import Answer
from jupyter_julia_aot.records import Usage


@dataclass(slots=True)
class Sample:
    """One answer while it comes in."""

    index: int
    pieces: list[str] = field(default_factory=list)
    count: int = 0
    """Pieces received, thoughts included; a piece is a token with every server we know."""
    finish_reason: str | None = None
    own_tokens: int | None = None
    """Completion tokens, when the server reported them for this sample alone."""
    answered: bool = False

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def read_usage(chunk: Any) -> Usage | None:
    """The usage in a chunk (its fields may be missing or null), with llama.cpp's ``timings``."""
    usage = getattr(chunk, "usage", None)
    if usage is None:
        return None
    details = getattr(usage, "prompt_tokens_details", None)
    cached = getattr(details, "cached_tokens", None)
    timings = getattr(chunk, "timings", None)
    if cached is None and isinstance(timings, dict):
        cached = timings.get("cache_n")
    return Usage(
        prompt_tokens=_count(getattr(usage, "prompt_tokens", 0)),
        completion_tokens=_count(getattr(usage, "completion_tokens", 0)),
        cached_tokens=_count(cached),
    )


def reports_cache(chunk: Any) -> bool:
    """Whether the server says how much of the prompt was cached (0 and unknown differ)."""
    details = getattr(getattr(chunk, "usage", None), "prompt_tokens_details", None)
    return getattr(details, "cached_tokens", None) is not None or isinstance(
        getattr(chunk, "timings", None), dict
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


class RequestUsage:
    """Adds up the usage of one HTTP request with ``n`` samples."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.prompt = 0
        self.cached = 0
        self.completion = 0
        self.seen = False
        self.cache_known = False
        self._spent = Usage()

    def add(self, chunk: Any) -> Usage | None:
        """Take the usage of ``chunk``, if it has one, and return it."""
        usage = read_usage(chunk)
        if usage is None:
            return None
        self.seen = True
        self.cache_known = self.cache_known or reports_cache(chunk)
        self.prompt = max(self.prompt, usage.prompt_tokens)
        self.cached = max(self.cached, usage.cached_tokens)
        self.completion = (
            usage.completion_tokens if self.n == 1 else self.completion + usage.completion_tokens
        )
        return usage

    def settle(self, samples: list[Sample]) -> None:
        """At the end: when the server reported no usage at all, count the pieces."""
        if not self.seen:
            self.completion = sum(sample.count for sample in samples)

    def share(self, sample: Sample, *, last: bool) -> Usage:
        """The usage to report with ``sample``; the ``last`` one gets all that is left."""
        if last:
            own = Usage(
                prompt_tokens=self.prompt - self._spent.prompt_tokens,
                completion_tokens=max(0, self.completion - self._spent.completion_tokens),
                cached_tokens=self.cached - self._spent.cached_tokens,
            )
        elif sample.own_tokens is None:
            own = Usage()
        else:
            own = Usage(completion_tokens=sample.own_tokens)
        self._spent += own
        return own


class Clock:
    """Gives the wall-clock seconds of a whole generation to its last answer, so that they add up."""

    def __init__(self, samples: int) -> None:
        self._began = time.monotonic()
        self._left = samples

    def stamp(self, answer: Answer) -> Answer:
        """``answer`` with its seconds: 0 unless it is the last one."""
        self._left -= 1
        if self._left > 0:
            return answer
        seconds = time.monotonic() - self._began
        return replace(answer, usage=replace(answer.usage, seconds=seconds))
