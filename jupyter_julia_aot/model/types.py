"""What goes to a model and what comes back.

A :class:`Request` is either a chat (``messages``) or a text to continue (``text``); exactly one of
the two is set. The answer comes back as a stream of :class:`Chunk`, and one :class:`Answer` per
sample as soon as that sample is finished.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from jupyter_julia_aot.records import ModelInfo, Sampling, Usage

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a chat."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to ask the model for ``sampling.n`` answers to."""

    messages: tuple[Message, ...] | None = None
    text: str | None = None
    """For raw completion: the text to continue. Its last lines are ``given``."""
    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    """Strings at which the server ends the answer; they are not part of it."""
    given: str = ""
    """Julia code that the answer continues (raw completion) or whose body it may be (chat), such as
    ``"function f(x)"``. Part of the candidate."""

    def __post_init__(self) -> None:
        if (self.messages is None) == (self.text is None):
            raise ValueError("a request has either messages or text")

    def prompt_text(self) -> str:
        """Everything that is sent, in order, as one text (to compare prefixes and estimate size)."""
        if self.text is not None:
            return self.text
        return "\n".join(f"{m.role}: {m.content}" for m in self.messages or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A piece of the answer to sample ``index`` (0-based)."""

    index: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The whole answer of sample ``index``.

    ``finish_reason`` is ``"stop"``, ``"length"`` (``max_tokens`` reached), ``"context"`` (the
    model's context is full), ``"cancelled"``, or what the server said. The ``usage`` of all
    answers to one request adds up to what was spent; servers that report only a total have it on
    the last answer. Tokens of cancelled answers are counted by the pieces received.
    """

    index: int
    text: str
    finish_reason: str | None = None
    usage: Usage = field(default_factory=Usage)
    warnings: tuple[str, ...] = ()
    """What the user should know: a truncated prompt, a cache that does not work."""


@runtime_checkable
class ModelClient(Protocol):
    """A connection to one model."""

    @property
    def info(self) -> ModelInfo:
        """The server and model in use."""
        ...

    def generate(self, request: Request, cancel: threading.Event | None = None) -> Iterator[Chunk | Answer]:
        """Ask for ``request.sampling.n`` answers and yield them as they come.

        Setting ``cancel``, closing the iterator or an exception at the ``yield`` ends the request
        and frees the server within a second; after ``cancel``, what had been received is yielded as
        answers with ``finish_reason="cancelled"``.

        Raises :class:`~jupyter_julia_aot.errors.NoServerError`,
        :class:`~jupyter_julia_aot.errors.ServerError`,
        :class:`~jupyter_julia_aot.errors.ModelTimeoutError` or
        :class:`~jupyter_julia_aot.errors.ContextOverflowError`.
        """
        ...

    def close(self) -> None:
        """End the connection, and the embedded server if it belongs to it."""
        ...
