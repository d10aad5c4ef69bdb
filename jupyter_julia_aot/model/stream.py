"""One generation on the event loop: requests out, pieces and answers in.

:class:`Generation` sends what :mod:`~jupyter_julia_aot.model.wire` planned, turns what streams back
into :class:`Chunk` and :class:`Answer`, and guards against servers that send no answer, a web
page, or no end.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import aclosing
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from jupyter_julia_aot.errors import ServerError
from jupyter_julia_aot.model import address, bounded, budget, failures, wire
from jupyter_julia_aot.model.accounting import Clock, RequestUsage, Sample
from jupyter_julia_aot.model.types import Answer, Chunk, Request
from jupyter_julia_aot.records import ModelInfo, Usage

if TYPE_CHECKING:
    from openai import AsyncOpenAI

# A piece is a token with every server we know; one that sends many times as many as it was
# allowed to does not heed max_tokens and may never stop.
_ENDLESS_FACTOR = 4
_ENDLESS_CHARACTERS = 64


class Generation:
    """All answers to one request. ``emit`` is called on the loop's thread, in order."""

    def __init__(
        self,
        client: AsyncOpenAI,
        info: ModelInfo,
        base_url: str,
        request: Request,
        *,
        max_tokens: int,
        seconds: float,
        emit: Callable[[Chunk | Answer], None],
    ) -> None:
        self.client = client
        self.info = info
        self.request = request
        self.max_tokens = max_tokens
        self.seconds = seconds
        self.emit = emit
        self.samples = [Sample(i) for i in range(request.sampling.n)]
        self.clock = Clock(request.sampling.n)
        self.received = 0
        self.fault: Exception | None = None
        self.warned: set[str] = set()
        self.watch = budget.cache_watch(info, base_url)
        self.share = self.watch.expected(request.prompt_text())

    async def run(self) -> None:
        """Send everything and wait for all answers; raises errors of ours only."""
        try:
            await self._fit()
            planned, at_once = wire.groups(self.info, len(self.samples))
            gate = asyncio.Semaphore(at_once)
            async with asyncio.TaskGroup() as tasks:
                for indices in planned:
                    tasks.create_task(self._gated(gate, indices))
            if self.fault is not None:
                raise self.fault
        except asyncio.CancelledError:
            self._cancelled()
            raise
        except Exception as error:
            raise failures.translate(error, self.info, received=self.received) from error
        if not any(sample.text.strip() for sample in self.samples):
            raise ServerError(
                f"{failures.where(self.info)} answered with nothing",
                remedy="check the model and its chat template; raise max_tokens if it thinks first",
            )
        self.watch.remember(self.request.prompt_text())

    async def _fit(self) -> None:
        """Lower ``max_tokens`` to what the context leaves, or refuse the prompt before sending it."""
        counted = None
        if budget.worth_counting(self.request, self.info, self.max_tokens) and budget.counts_tokens(
            self.info
        ):
            counted = await self._count(self.request.prompt_text())
        self.max_tokens = budget.answer_tokens(self.request, self.info, self.max_tokens, counted)

    async def _count(self, text: str) -> int | None:
        url = address.root_url(str(self.client.base_url)) + "/tokenize"
        async with asyncio.timeout(self.seconds):
            reply = await self.client.post(url, cast_to=object, body={"content": text})
        tokens = reply.get("tokens") if isinstance(reply, dict) else None
        return len(tokens) if isinstance(tokens, list) else None

    async def _gated(self, gate: asyncio.Semaphore, indices: range) -> None:
        missing: list[int] = []
        async with gate:
            if await self._attempt(indices):
                missing = [i for i in indices if not self.samples[i].answered]
        # The server ignored n: ask for the others one by one.
        for index in missing:
            async with gate:
                await self._attempt(range(index, index + 1))

    async def _attempt(self, indices: range) -> bool:
        """Send one request unless another has failed; a failure leaves those under way alone.

        What the server is still writing may be a whole answer: it is read to its end, and the
        first failure is raised afterwards.
        """
        if self.fault is not None:
            return False
        try:
            await self._request(indices)
        except Exception as error:
            self.fault = self.fault or error
            return False
        return True

    async def _request(self, indices: range) -> None:
        values = wire.arguments(self.request, self.info, indices, self.max_tokens)
        create = (
            self.client.completions.create
            if self.request.text is not None
            else self.client.chat.completions.create
        )
        bounded.allow(self.max_tokens * len(indices))
        async with asyncio.timeout(self.seconds):
            stream = await create(**values)
            async with aclosing(stream):
                await _Reading(self, indices).read(stream)

    def _cancelled(self) -> None:
        """Report what had come in of the answers that are not finished."""
        for sample in self.samples:
            if sample.count and not sample.answered:
                sample.answered = True
                usage = Usage(completion_tokens=sample.count)
                self.emit(
                    Answer(index=sample.index, text=sample.text, finish_reason="cancelled", usage=usage)
                )


class _Reading:
    """Reads one HTTP response, which carries the samples ``indices``."""

    def __init__(self, generation: Generation, indices: range) -> None:
        self.generation = generation
        self.indices = indices
        self.usage = RequestUsage(len(indices))
        self.finished: Sample | None = None

    async def read(self, stream: Any) -> None:
        content = str(stream.response.headers.get("content-type", "")).lower()
        if "event-stream" in content or not content:
            async for chunk in stream:
                self._chunk(chunk)
        else:
            self._whole(content, (await stream.response.aread()).decode(errors="replace"))
        self._end()

    def _whole(self, content: str, body: str) -> None:
        """A server that does not stream sends one JSON document; anything else is no answer."""
        try:
            document = json.loads(body, object_hook=lambda fields: SimpleNamespace(**fields))
            choices = document.choices
        except (ValueError, AttributeError, TypeError) as error:
            raise failures.not_an_answer(self.generation.info, content, body[:400]) from error
        for position, choice in enumerate(choices):
            choice.index = getattr(choice, "index", position)
        self._chunk(document)

    def _chunk(self, chunk: Any) -> None:
        spent = self.usage.add(chunk)
        choices = getattr(chunk, "choices", None) or ()
        if self.finished is not None:
            if spent is not None and not choices:
                self.finished.own_tokens = spent.completion_tokens
            self._flush()
        for choice in choices:
            self._choice(choice, spent)

    def _choice(self, choice: Any, spent: Usage | None) -> None:
        offset = choice.index if isinstance(choice.index, int) else 0
        if not 0 <= offset < len(self.indices):
            return  # more samples than asked for
        sample = self.generation.samples[self.indices[offset]]
        delta = getattr(choice, "delta", None) or getattr(choice, "message", None) or choice
        text = getattr(delta, "text", None) or getattr(delta, "content", None) or ""
        thought = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None)
        if (text or thought) and not sample.answered:
            self._piece(sample, text if isinstance(text, str) else str(text))
        reason = getattr(choice, "finish_reason", None)
        if reason and sample.finish_reason is None:
            sample.finish_reason = str(reason)
            self._flush(displaced=True)
            self.finished = sample
            if spent is not None and len(self.indices) > 1:
                sample.own_tokens = spent.completion_tokens

    def _piece(self, sample: Sample, text: str) -> None:
        generation = self.generation
        sample.count += 1
        generation.received += 1
        if text:
            sample.pieces.append(text)
            generation.emit(Chunk(index=sample.index, text=text))
        allowed = generation.max_tokens
        if sample.count > _ENDLESS_FACTOR * allowed + 64 or len(text) > _ENDLESS_CHARACTERS * allowed + 4096:
            raise ServerError(
                f"{failures.where(generation.info)} does not stop: it sent {sample.count} pieces "
                f"and was allowed {allowed} tokens",
                remedy="use a server that heeds max_tokens",
            )

    def _flush(self, *, last: bool = False, displaced: bool = False) -> None:
        """Report the finished sample, unless it may be the request's last one: its usage is to come."""
        sample = self.finished
        if sample is None:
            return
        others = (self.generation.samples[i] for i in self.indices if i != sample.index)
        if not (last or displaced or any(s.count and not s.answered for s in others)):
            return
        self.finished = None
        sample.answered = True
        generation = self.generation
        usage = self.usage.share(sample, last=last)
        reason = sample.finish_reason
        alone = self.usage.completion if len(self.indices) == 1 else sample.own_tokens
        tokens = alone or sample.count
        if reason == "length" and budget.context_filled(generation.info, self.usage.prompt, tokens):
            reason = "context"
        answer = Answer(
            index=sample.index,
            text=sample.text,
            finish_reason=reason,
            usage=usage,
            warnings=self._warnings(tokens) if last else (),
        )
        generation.emit(generation.clock.stamp(answer))

    def _warnings(self, tokens: int) -> tuple[str, ...]:
        generation, usage = self.generation, self.usage
        found = [
            budget.truncation_warning(
                generation.request, generation.info, usage.prompt, usage.prompt + tokens
            )
        ]
        if usage.cache_known:
            found.append(generation.watch.warning(generation.share, usage.prompt, usage.cached))
        new = tuple(warning for warning in found if warning and warning not in generation.warned)
        generation.warned.update(new)
        return new

    def _end(self) -> None:
        """The response is over: report the last sample; a sample without an end is an error."""
        samples = [self.generation.samples[i] for i in self.indices]
        if any(s.finish_reason is None and s.count for s in samples):
            raise ServerError(
                f"{failures.where(self.generation.info)} ended its answer in the middle",
                remedy="look into the server's log; it may have crashed or run out of memory",
            )
        if self.finished is None:
            raise ServerError(
                f"{failures.where(self.generation.info)} answered with nothing",
                remedy="look into the server's log",
            )
        self.usage.settle(samples)
        self._flush(last=True)
