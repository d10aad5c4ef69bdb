"""What the widgets share: their files, and not flooding the browser."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable

from jupyter_julia_aot.widgets.static_html import STATIC

# At most so many updates a second reach the browser, however many tokens arrive.
UPDATES_PER_SECOND = 20

# Tells our Lab extension that this output is a widget with a static form beside it, to be shown
# when the notebook is opened again and the widget's kernel is gone.
SAVED_VIEW = {"application/vnd.jupyter-julia-aot.view+json": {"version": 1}}


def script(name: str) -> str:
    """The ES module of a widget: the shared part, then its own."""
    return "\n".join((STATIC / f).read_text(encoding="utf-8") for f in ("common.js", name))


class Throttle:
    """Calls ``flush`` at most :data:`UPDATES_PER_SECOND` times a second, and surely once more
    after the last :meth:`touch`, from a timer of its own if need be."""

    def __init__(self, flush: Callable[[], None]) -> None:
        self._flush = flush
        self._lock = threading.RLock()
        self._last = 0.0
        self._timer: threading.Timer | None = None
        # A kernel knows by context which cell an output belongs to; the timer must not lose it.
        self._context = contextvars.copy_context()

    def touch(self) -> None:
        """Something changed."""
        with self._lock:
            if self._timer is not None:
                return
            wait = self._last + 1 / UPDATES_PER_SECOND - time.monotonic()
            if wait <= 0:
                self.now()
                return
            self._timer = threading.Timer(wait, self._fire)
            self._timer.daemon = True
            self._timer.start()

    def now(self) -> None:
        """Flush at once."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._last = time.monotonic()
            self._flush()

    def _fire(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._context.run(self.now)
