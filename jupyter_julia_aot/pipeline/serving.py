"""The embedded model as a server for other programs, in the foreground."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from jupyter_julia_aot.errors import ModelError

Progress = Callable[[str, float | None], None]

PORT = 9931
"""One of the ports that discovery looks at, so that every kernel finds the server by itself."""

LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """A running server. ``context_tokens`` are shared by ``slots`` answers at once."""

    base_url: str
    model: str
    context_tokens: int
    slots: int
    pid: int
    wait: Callable[[], str]
    """Blocks until the server's process ends; returns how it did."""


@contextmanager
def serving(
    model: str = "", port: int | None = None, key: str = "", progress: Progress | None = None
) -> Iterator[Serving]:
    """Serve a GGUF file (default: the embedded model, fetched when it is missing).

    ``port`` ``None`` is :data:`PORT`, or a free one when that is taken; 0 is a free one. Without
    ``key`` every program of this machine may ask, as with other local servers. Raises
    :class:`ModelError` when the file, the port or the server is not to be had.
    """
    from jupyter_julia_aot.model.embedded import EmbeddedServer

    path = Path(model).expanduser() if model else None
    if path is not None and not path.is_file():
        raise ModelError(f"serve: there is no model file {path}", remedy="give the path of a GGUF file")
    if port is None:
        chosen = PORT if _free(PORT) else 0
    elif port == 0 or _free(port):
        chosen = port
    else:
        raise ModelError(
            f"serve: port {port} is taken", remedy="stop that server, or give --port another one"
        )
    server = EmbeddedServer(path, port=chosen, key=key)
    try:
        with server.use(progress) as (address, _):
            pid = server.pid
            if pid is None:
                raise ModelError(server.obituary() or "the embedded model ended at once")

            def wait() -> str:
                while server.pid is not None:
                    time.sleep(LOOK_SECONDS)
                return server.obituary()

            yield Serving(
                base_url=address,
                model=server.alias,
                context_tokens=server.context,
                slots=server.slots,
                pid=pid,
                wait=wait,
            )
    finally:
        server.stop()


def _free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the server does: a port that its last owner left a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
