"""Prompt → candidates → trials → selection, overlapped and stoppable.

The model streams in a thread of its own; each answer is tried the moment it is complete, while
the next ones are still being written. Failed candidates come back as idiom rewrites at once and
as repair requests after the round. Everything that happens is an event.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from jupyter_julia_aot.errors import Cancelled, JuliaAotError
from jupyter_julia_aot.pipeline.names import check_name, check_tested
from jupyter_julia_aot.pipeline.options import Options
from jupyter_julia_aot.pipeline.pools import trial_pool
from jupyter_julia_aot.pipeline.recorder import Recorder
from jupyter_julia_aot.pipeline.streaming import Checking, Connecting, Ended, Message, Piece, Stream
from jupyter_julia_aot.pipeline.tryout import Tryout, definition_oracle
from jupyter_julia_aot.records import Candidate, Event, Prompt, Selection, Trial, Usage, new_id

if TYPE_CHECKING:
    from jupyter_julia_aot.history import History
    from jupyter_julia_aot.model import ModelClient, Request
    from jupyter_julia_aot.trial import TrialPool

# How often a wait looks whether it should stop, seconds. Stopping must take less than one.
POLL_SECONDS = 0.1

JOIN_SECONDS = 0.5

# Failed candidates whose errors go back to the model in one repair round.
REPAIRED_PER_ROUND = 4


def generate(
    prompt: Prompt,
    options: Options | None = None,
    *,
    history: History | None = None,
    cancel: threading.Event | None = None,
) -> Iterator[Event]:
    """Ask the model for ``prompt`` and try what it says; yields events as they happen.

    The stream ends with ``run_finished``, whose status is ``done`` or ``cancelled`` (``cancel``
    was set, or the caller was interrupted; what had been computed is in the events and in the
    history). Closing the generator early cancels, too.

    Raises :class:`~jupyter_julia_aot.errors.JuliaAotError` when it cannot run (no Julia, no
    model, an oracle that tests nothing …), after an ``error`` event.
    """
    check_name(prompt.name)
    check_tested(prompt.name, prompt.oracle)
    run = _Generation(prompt, options or Options.of(), Recorder(history), cancel or threading.Event())
    return run.events()


class _Generation:
    def __init__(self, prompt: Prompt, options: Options, recorder: Recorder, cancel: threading.Event) -> None:
        self.prompt = prompt
        self.options = options
        self.recorder = recorder
        self.cancel = cancel
        self.oracle = prompt.oracle or definition_oracle(prompt.name)
        self.usage = Usage()
        self.started = False
        self._began = time.monotonic()
        self._inbox: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._answers = 0
        self._tryout: Tryout | None = None

    # ------------------------------------------------------------ the run as a whole

    def events(self) -> Iterator[Event]:
        try:
            try:
                yield from self._work()
                yield self._finished("done")
            except (KeyboardInterrupt, Cancelled):
                self.cancel.set()
                yield from self._selection()
                yield self._finished("cancelled")
        except GeneratorExit:
            self.cancel.set()
            if self.started:
                self._finished("cancelled")
            raise
        except JuliaAotError as error:
            if self.started:
                yield self.recorder.error(error)
                yield self._finished("failed")
            else:
                yield self.recorder.transient(
                    "error", type=type(error).__name__, message=error.message, remedy=error.remedy
                )
            raise

    def _finished(self, status: str) -> Event:
        seconds = time.monotonic() - self._began
        kind = self.recorder.event if self.started else self.recorder.transient
        return kind("run_finished", status=status, usage=self.usage, seconds=seconds)

    def _work(self) -> Iterator[Event]:
        connecting = Connecting(self.options, self._inbox)
        stopped = False
        try:
            with trial_pool(self.options) as pool:
                yield from self._prepare(connecting, pool)
                yield from self._rounds(connecting.client, pool)
        except (KeyboardInterrupt, Cancelled, GeneratorExit):
            stopped = True
            raise
        finally:
            connecting.close(stopped=stopped)

    def _prepare(self, connecting: Connecting, pool: TrialPool) -> Iterator[Event]:
        """Check the oracle while the model server is found or started."""
        from jupyter_julia_aot.trial import check_oracle

        connecting.start()
        checking = Checking(lambda: check_oracle(self.oracle, self.prompt.name, pool))
        checking.start()
        yield self.recorder.transient(
            "stage", name="starting Julia and the model", state="started", seconds=0.0
        )
        while checking.is_alive() or not connecting.done.is_set():
            yield from self._progress()
            if not checking.is_alive():
                # A bad oracle is said at once, not after the model has been loaded.
                checking.result()
        checking.result()
        client = connecting.result()
        self.started = True
        yield self.recorder.event(
            "run_started",
            prompt=self.prompt,
            sampling=self.options.sampling(client.info.model),
            model=client.info,
        )
        yield from self.recorder.warning()

    def _progress(self) -> Iterator[Event]:
        self._check_cancel()
        try:
            message = self._inbox.get(timeout=POLL_SECONDS)
        except queue.Empty:
            return
        if isinstance(message, str):
            yield self.recorder.transient("stage", name=message, state="started", seconds=0.0)

    def _rounds(self, client: ModelClient, pool: TrialPool) -> Iterator[Event]:
        from dataclasses import replace

        from jupyter_julia_aot.model import build_request, repair_request
        from jupyter_julia_aot.search import distinct, normalise

        self._tryout = tryout = Tryout(
            pool, self.oracle, self.options.idioms, lambda c, f: self._inbox.put((c, f))
        )
        sampling = self.options.sampling(client.info.model)
        first = build_request(self.prompt, client.info, sampling)
        yield from self._ask(client, [(first, None)])
        shown: set[str] = set()
        for _ in range(self.options.repair if self.prompt.oracle is not None else 0):
            # Distinct code only: a model that repeats itself is not asked about it again.
            failed = [c for c in distinct(self._ranked()) if normalise(c.code) not in shown]
            failed = failed[:REPAIRED_PER_ROUND]
            if tryout.passed or not failed:
                break
            shown.update(normalise(c.code) for c in failed)
            each = replace(sampling, n=max(1, sampling.n // len(failed)))
            requests = [
                (repair_request(self.prompt, c, tryout.trials[c.id], client.info, each), c.id)
                for c in failed[: sampling.n]
            ]
            yield from self._ask(client, requests)
        yield from self._selection()

    # ------------------------------------------------------------ one round

    def _ask(self, client: ModelClient, requests: Sequence[tuple[Request, str | None]]) -> Iterator[Event]:
        """Stream the answers of ``requests`` and try each; returns when all trials are done."""
        tryout = self._tryout
        assert tryout is not None  # noqa: S101 - _rounds made it
        stop = threading.Event()
        stream = Stream(client, requests, self._answers, stop, self._inbox)
        stream.start()
        streaming = True
        try:
            while streaming or tryout.pending:
                self._check_cancel()
                try:
                    message = self._inbox.get(timeout=POLL_SECONDS)
                except queue.Empty:
                    continue
                if isinstance(message, Piece):
                    yield from self._piece(message)
                elif isinstance(message, tuple):
                    yield from self._tried(*message)
                    if tryout.passed and (self.options.first or requests[0][1] is not None):
                        # One is enough, or this was a repair, and it worked.
                        stop.set()
                elif isinstance(message, Ended):
                    streaming = False
                    yield from self._ended(message.error)
        finally:
            stop.set()
            # A server that hangs must not hold up a stop; the thread ends with its connection.
            stream.join(JOIN_SECONDS)

    def _piece(self, piece: Piece) -> Iterator[Event]:
        from jupyter_julia_aot.model import Answer, extract

        index = piece.base + piece.value.index
        if not isinstance(piece.value, Answer):
            yield self.recorder.event("token", index=index, text=piece.value.text)
            return
        answer = piece.value
        self._answers = max(self._answers, index + 1)
        self.usage += answer.usage
        yield self.recorder.event(
            "answer", index=index, finish_reason=answer.finish_reason, usage=answer.usage
        )
        for warning in answer.warnings:
            yield self.recorder.event("warning", message=warning, remedy="")
        if answer.finish_reason == "cancelled":
            return
        code = extract(answer.text, self.prompt.name, piece.request)
        if not code.strip():
            yield self.recorder.event(
                "warning",
                message=f"answer {index + 1} holds no Julia",
                remedy="raise max_tokens" if answer.finish_reason == "length" else "",
            )
            return
        candidate = Candidate(
            id=new_id(),
            name=self.prompt.name,
            code=code,
            origin="model" if piece.parent is None else "repair",
            parent=piece.parent,
            response=answer.text,
            finish_reason=answer.finish_reason,
        )
        yield from self._submit(candidate, index)

    def _submit(self, candidate: Candidate, index: int | None = None) -> Iterator[Event]:
        assert self._tryout is not None  # noqa: S101 - _rounds made it
        yield self.recorder.event("candidate", candidate=candidate, index=index)
        self._tryout.submit(candidate)

    def _tried(self, candidate: Candidate, future: Future[Trial]) -> Iterator[Event]:
        assert self._tryout is not None  # noqa: S101 - _rounds made it
        for trial in self._tryout.finish(candidate, future):
            yield self.recorder.event("trial", trial=trial)
            rewritten = self._tryout.rewrite(trial)
            if rewritten is not None:
                yield from self._submit(rewritten)

    def _ended(self, error: BaseException | None) -> Iterator[Event]:
        """The stream is over. With answers in hand, a failing server is a warning, else the end."""
        if error is None:
            return
        if not isinstance(error, JuliaAotError) or not self._answers:
            raise error
        yield self.recorder.event("warning", message=error.message, remedy=error.remedy)

    # ------------------------------------------------------------ selection

    def _ranked(self) -> list[Candidate]:
        assert self._tryout is not None  # noqa: S101 - _rounds made it
        by_id = {c.id: c for c in self._tryout.candidates}
        return [by_id[i] for i in self._select().ranking if i in self._tryout.trials]

    def _select(self) -> Selection:
        from jupyter_julia_aot.search import select

        assert self._tryout is not None  # noqa: S101 - _rounds made it
        return select(self._tryout.candidates, list(self._tryout.trials.values()))

    def _selection(self) -> Iterator[Event]:
        if self._tryout is None:
            return
        yield self.recorder.event("selection", selection=self._select())
        yield from self.recorder.warning()

    def _check_cancel(self) -> None:
        if self.cancel.is_set():
            raise Cancelled("stopped")
