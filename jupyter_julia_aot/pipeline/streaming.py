"""Threads that talk to the model server: connecting, and reading an answer stream.

What they have to say goes into a queue that :mod:`~jupyter_julia_aot.pipeline.generation` reads.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING

from jupyter_julia_aot.errors import Cancelled
from jupyter_julia_aot.pipeline.options import Options
from jupyter_julia_aot.records import Candidate, Trial

if TYPE_CHECKING:
    from jupyter_julia_aot.model import Answer, Chunk, ModelClient, Request


class Piece:
    """What the stream delivered, with where it belongs."""

    def __init__(self, value: Chunk | Answer, base: int, request: Request, parent: str | None) -> None:
        self.value = value
        self.base = base
        self.request = request
        self.parent = parent


class Ended:
    """The stream is over; ``error`` says why, if it was not the end."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


Message = Piece | Ended | tuple[Candidate, "Future[Trial]"] | str


class Checking(threading.Thread):
    """Runs the check of the oracle, which waits for Julia to start."""

    def __init__(self, check: Callable[[], object]) -> None:
        super().__init__(name="julia-aot-oracle", daemon=True)
        self._check = check
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._check()
        except BaseException as error:
            # Raised again by the thread that asks for the result.
            self._error = error

    def result(self) -> None:
        """Raise what the check raised."""
        if self._error is not None:
            raise self._error


class Connecting:
    """Finds or starts the model server in a thread, so that Julia can start meanwhile."""

    def __init__(self, options: Options, inbox: queue.SimpleQueue[Message]) -> None:
        self.options = options
        self.done = threading.Event()
        self._inbox = inbox
        self._client: ModelClient | None = None
        self._error: BaseException | None = None
        self._closed = self._stopped = False

    def start(self) -> None:
        threading.Thread(target=self._run, name="julia-aot-connect", daemon=True).start()

    def _say(self, message: str, _fraction: float | None) -> None:
        if self._stopped:
            # The server is not started for nobody.
            raise Cancelled("stopped")
        self._inbox.put(message)

    def _run(self) -> None:
        from jupyter_julia_aot.model import connect

        options = self.options
        try:
            self._client = connect(
                base_url=options.base_url,
                model=options.model,
                api_key=options.api_key,
                progress=self._say,
            )
        except BaseException as error:  # handed to the waiting thread by result()
            self._error = error
        self.done.set()
        if self._closed:
            self.close(stopped=self._stopped)

    def result(self) -> ModelClient:
        if self._error is not None:
            raise self._error
        return self.client

    @property
    def client(self) -> ModelClient:
        assert self._client is not None  # noqa: S101 - result() was called
        return self._client

    def close(self, *, stopped: bool = False) -> None:
        """Let go of the client; if it is still being made, as soon as it is.

        ``stopped``: by the user, who is left no process, the embedded server and its start included.
        """
        from jupyter_julia_aot.model import stop_unused

        self._closed, self._stopped = True, stopped
        if self._client is not None:
            self._client.close()
        if stopped:
            stop_unused()


class Stream(threading.Thread):
    """Runs the model's blocking iterators and puts what comes into the inbox.

    As many requests go out at once as it is worth with this server. After an error, those under way are
    read to their end, and no other is sent.
    """

    def __init__(
        self,
        client: ModelClient,
        requests: Sequence[tuple[Request, str | None]],
        base: int,
        stop: threading.Event,
        inbox: queue.SimpleQueue[Message],
    ) -> None:
        super().__init__(name="julia-aot-stream", daemon=True)
        self._client = client
        self._waiting: queue.SimpleQueue[tuple[int, Request, str | None]] = queue.SimpleQueue()
        self._stop_event = stop
        self._inbox = inbox
        self._error: BaseException | None = None
        most = max(request.sampling.n for request, _ in requests)
        self._at_once = min(len(requests), _at_once(client, most))
        for request, parent in requests:
            n = request.sampling.n
            self._waiting.put((base, request, parent))
            base += n

    def run(self) -> None:
        others = [
            threading.Thread(target=self._read, name="julia-aot-stream", daemon=True)
            for _ in range(self._at_once - 1)
        ]
        for other in others:
            other.start()
        self._read()
        for other in others:
            other.join()
        self._inbox.put(Ended(self._error))

    def _read(self) -> None:
        """Send one waiting request after the other, until none is left."""
        try:
            while self._error is None and not self._stop_event.is_set():
                base, request, parent = self._waiting.get_nowait()
                for value in self._client.generate(request, cancel=self._stop_event):
                    self._inbox.put(Piece(value, base, request, parent))
        except (queue.Empty, Cancelled):
            pass  # all are sent, or the reader asked for it
        except BaseException as problem:  # raised again by the reader
            self._error = self._error or problem


def _at_once(client: ModelClient, n: int) -> int:
    from jupyter_julia_aot.model import requests_at_once

    return requests_at_once(client.info, n)
