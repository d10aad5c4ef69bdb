"""Functions in a confined process: one session per Julia, shared by all functions."""

from __future__ import annotations

import atexit
import threading
from typing import TYPE_CHECKING, Any

from jupyter_julia_aot.records import Limits, Toolchain
from jupyter_julia_aot.settings import settings

if TYPE_CHECKING:
    from jupyter_julia_aot.trial import Session
    from jupyter_julia_aot.trial.sandbox import SandboxName

# The user has taken this code: it may use what the machine has, where a trial may not.
_LIMITS = Limits(memory_bytes=0, processes=1024, file_bytes=1 << 40)
_lock = threading.Lock()
_engines: dict[str, WorkerEngine] = {}


class WorkerEngine:
    """A session that functions are defined in."""

    route: Any = "worker"

    def __init__(self, toolchain: Toolchain) -> None:
        from jupyter_julia_aot.trial import Session

        self.toolchain = toolchain
        self.session: Session = Session(toolchain, limits=_LIMITS, sandbox=_sandbox())

    @property
    def starts(self) -> int:
        """How many processes there were; a process that ended counts as the next one."""
        return self.session.starts if self.session.started else self.session.starts + 1

    def define(self, module: str, code: str, name: str, function: str) -> str:
        """Load code into a module of its own; the docstring of the function it defines."""
        return self.session.define(module, code, name, function)

    def call(self, module: str, function: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call it. Raises ``JuliaError``, ``Cancelled``, ``NotCarriedError``."""
        return self.session.call(f"{module}.{function}", *args, **kwargs)

    def memory_bytes(self) -> int:
        """The most memory that the worker has had."""
        return int(self.session.call("Base.Sys.maxrss"))

    def forget(self, module: str) -> None:
        """Drop the module; nothing to do when its process has ended."""
        if self.session.started:
            self.session.set(**{module: None})


def _sandbox() -> SandboxName:
    name: SandboxName = settings().sandbox  # type: ignore[assignment]  # an Enum trait of these names
    return name


def worker_engine(toolchain: Toolchain) -> WorkerEngine:
    """The engine of a Julia."""
    with _lock:
        if not _engines:
            atexit.register(close_sessions)
        engine = _engines.get(toolchain.path)
        if engine is None:
            engine = _engines[toolchain.path] = WorkerEngine(toolchain)
        return engine


def close_sessions() -> None:
    """End the Julia processes behind all bound functions; calling one afterwards fails."""
    with _lock:
        engines = list(_engines.values())
        _engines.clear()
    for engine in engines:
        engine.session.close()
