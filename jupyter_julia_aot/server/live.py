"""The live channel: a WebSocket that tells every open panel what happens, as it happens.

Messages are JSON objects with a ``type``:

``hello``    ``seq``, ``version``: the channel is open; ``seq`` is the newest log number
``changes``  ``seq``, ``changes``: log entries of the history, oldest first
``reset``    ``seq``: too much happened while away, ask the routes again
``job``      ``job``: the view of a job that changed
``progress`` ``runs``: tokens so far of running runs, as the history's ``RunProgress``
``gone``     ``run_ids``: runs whose process died without an end

The browser sends nothing. ``?since=SEQ`` asks for what was missed since a lost connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado import websocket

from jupyter_julia_aot import __version__
from jupyter_julia_aot.errors import HistoryError
from jupyter_julia_aot.history import RunProgress
from jupyter_julia_aot.records import to_json
from jupyter_julia_aot.server.service import Service

LOOK_SECONDS = 0.12
"""How often the history is asked for news while a panel is open (an index look-up)."""

LIFE_SECONDS = 2.0
"""How often it is checked whether the processes of running runs are alive."""

MOST_CHANGES = 2000
"""A panel that missed more loads its lists again."""


class Watcher:
    """Looks for news while at least one panel listens, and sends it to all of them."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._listeners: set[LiveHandler] = set()
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="julia-aot-live")
        self._seq = 0
        self._jobs: dict[str, tuple[float, ...]] = {}
        self._running: set[str] = set()
        self._progress: tuple[RunProgress, ...] = ()

    async def add(self, listener: LiveHandler, since: int | None) -> None:
        """Greet a panel and keep it informed."""
        loop = asyncio.get_running_loop()
        last = await loop.run_in_executor(self._thread, self._service.history.last_change)
        if not self._listeners:
            self._seq = last
            self._jobs = await loop.run_in_executor(self._thread, self._job_signatures)
        listener.send({"type": "hello", "seq": last, "version": __version__})
        if since is not None and since != last:
            listener.send(await loop.run_in_executor(self._thread, self._missed, since, last))
        self._listeners.add(listener)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())

    def remove(self, listener: LiveHandler) -> None:
        """Forget a panel; nothing is looked for when it was the last."""
        self._listeners.discard(listener)
        if not self._listeners and self._task is not None:
            self._task.cancel()
            self._task = None

    def _missed(self, since: int, last: int) -> dict[str, Any]:
        changes = self._service.history.changes(since, MOST_CHANGES + 1)
        if since > last or len(changes) > MOST_CHANGES:
            return {"type": "reset", "seq": last}
        return {"type": "changes", "seq": last, "changes": to_json(changes)}

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        rounds = 0
        while True:
            check_life = rounds % max(1, round(LIFE_SECONDS / LOOK_SECONDS)) == 0
            try:
                news = await loop.run_in_executor(self._thread, self._news, check_life)
            except HistoryError as error:
                # The file may be locked or replaced just now; say so once per look and go on.
                news = [{"type": "problem", "message": error.message, "remedy": error.remedy}]
            for message in news:
                for listener in list(self._listeners):
                    listener.send(message)
            rounds += 1
            await asyncio.sleep(LOOK_SECONDS)

    def _news(self, check_life: bool) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = []
        last = self._service.history.last_change()
        if last != self._seq:
            messages.append(self._missed(self._seq, last))
            if messages[0]["type"] == "changes" and messages[0]["changes"]:
                # More may have been written between the two questions.
                messages[0]["seq"] = last = max(last, messages[0]["changes"][-1]["seq"])
            self._seq = last
        progress = self._service.history.progress()
        moved = [p for p in progress if p not in self._progress]
        if moved:
            messages.append({"type": "progress", "runs": to_json(moved)})
        self._progress = progress
        signatures = self._job_signatures()
        for job_id, signature in signatures.items():
            if self._jobs.get(job_id) != signature:
                messages.append({"type": "job", "job": self._service.jobs.view(job_id, full=False)})
        self._jobs = signatures
        if check_life:
            running = {r.id for r in self._service.running_runs()}
            gone = [r for r in self._running - running if self._ended_silently(r)]
            if gone:
                messages.append({"type": "gone", "run_ids": sorted(gone)})
            self._running = running
        return messages

    def _job_signatures(self) -> dict[str, tuple[float, ...]]:
        """Of running jobs, and of those that were running at the last look."""
        jobs = self._service.jobs
        ids = {*jobs.running(), *(j for j, s in self._jobs.items() if s[-1])}
        return {j: jobs.signature(j) for j in ids}

    def _ended_silently(self, run_id: str) -> bool:
        try:
            return self._service.history.run(run_id).summary.status == "running"
        except HistoryError:
            return False  # deleted meanwhile, which was told as a change


_WATCHERS: weakref.WeakKeyDictionary[Service, Watcher] = weakref.WeakKeyDictionary()


class LiveHandler(WebSocketMixin, websocket.WebSocketHandler, JupyterHandler):
    """One open panel."""

    auth_resource: ClassVar[str] = "jupyter_julia_aot"

    @ws_authenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Upgrade to a WebSocket, for users who may read."""
        await self._upgrade()

    @authorized
    async def _upgrade(self) -> None:
        await super().get()

    async def open(self, *args: Any, **kwargs: Any) -> None:
        """Greet, then keep informing."""
        since = self.get_query_argument("since", "")
        service: Service = self.settings["jupyter_julia_aot"]
        watcher = _WATCHERS.setdefault(service, Watcher(service))
        self._watcher: Watcher | None = watcher
        await watcher.add(self, int(since) if since.isascii() and since.isdigit() else None)

    def on_message(self, message: str | bytes) -> None:
        """The channel goes one way; what a browser sends is ignored."""

    def on_close(self) -> None:
        """The tab went away."""
        super().on_close()
        watcher = getattr(self, "_watcher", None)
        if watcher is not None:
            watcher.remove(self)

    def send(self, message: dict[str, Any]) -> None:
        """Send one message; a tab that went away in this instant is no error."""
        with contextlib.suppress(websocket.WebSocketClosedError):
            self.write_message(json.dumps(message))
