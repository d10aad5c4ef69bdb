"""A session that is up before it is needed, for oracles in Python.

Each candidate gets a process of its own there too; while one is judged, the next one's starts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from jupyter_julia_aot.errors import JuliaAotError
from jupyter_julia_aot.records import Limits, Toolchain
from jupyter_julia_aot.trial.sandbox import SandboxName
from jupyter_julia_aot.trial.session import Session


class SessionsAhead:
    """Gives out fresh sessions whose Julia is up; at most one waits. For one thread."""

    def __init__(self, toolchain: Toolchain, limits: Limits, sandbox: SandboxName) -> None:
        self._toolchain, self._limits, self._sandbox = toolchain, limits, sandbox
        self._next: Session | None = None
        self._starter: threading.Thread | None = None

    def take(self, taken: Callable[[Session], None]) -> Session:
        """A session nobody has used, whose Julia is up: the one that waits, or a new one.

        ``taken`` gets it before it is up, so that another thread can close it to cancel. The caller closes it
        in the end. Raises ``SandboxError`` or ``WorkerError``.
        """
        session, starter = self._next, self._starter
        self._next = self._starter = None
        if session is not None and starter is not None:
            taken(session)
            starter.join()
            if session.started:
                return session
            session.close()  # it did not come up: the error is raised by the one started now
        session = self._new()
        taken(session)
        return _up(session)

    def start_ahead(self) -> None:
        """Start the next one now, in the background."""
        if self._next is None:
            self._next = session = self._new()
            self._starter = threading.Thread(
                target=_try_up, args=(session,), name="julia-aot-ahead", daemon=True
            )
            self._starter.start()

    def close(self) -> None:
        """End the one that waits."""
        session, starter = self._next, self._starter
        self._next = self._starter = None
        if session is not None and starter is not None:
            session.close()
            starter.join()

    def _new(self) -> Session:
        return Session(self._toolchain, limits=self._limits, sandbox=self._sandbox)


def _up(session: Session) -> Session:
    try:
        session.run("nothing;")
    except BaseException:
        session.close()
        raise
    return session


def _try_up(session: Session) -> None:
    try:
        _up(session)
    except JuliaAotError:
        return  # whoever takes it finds that it is not up, and tries again in the open
