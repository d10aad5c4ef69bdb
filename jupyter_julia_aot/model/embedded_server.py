"""The embedded server's process: ``python -m jupyter_julia_aot.model.embedded_server``.

Reads one JSON line from standard input (see :class:`Launch`), serves the OpenAI protocol on a free
loopback port, writes ``{"port": …}`` as one JSON line to standard output, and ends when standard
input is closed: however its parent goes, the kernel closes the pipe.

It is a process of its own because llama.cpp is native code: when that crashes, the notebook lives.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What the parent asks for. Sizes in tokens, ``cache_mib`` in MiB of RAM for saved prompts.

    An empty ``key`` lets every program of this machine ask; ``port`` 0 takes a free one.
    """

    path: str
    alias: str
    key: str
    threads: int
    slots: int = 8
    context: int = 8192
    cache_mib: int = 256
    port: int = 0

    def line(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self)) + "\n"


def serve(launch: Launch) -> None:
    """Serve until standard input is closed."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = launch.path
    parameters.model_alias = {launch.alias}
    parameters.api_keys = [launch.key] if launch.key else []
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = launch.port
    parameters.n_parallel = launch.slots
    parameters.n_ctx = launch.context
    parameters.kv_unified = True
    parameters.cache_ram_mib = launch.cache_mib
    parameters.n_gpu_layers = 0
    # Spinning threads (poll > 0) and one thread per core leave nothing to Julia on a small machine.
    for threads in (parameters.cpuparams, parameters.cpuparams_batch):
        threads.n_threads = launch.threads
        threads.poll = 0
    parameters.endpoint_props = False
    parameters.ui = False
    parameters.cors_origins = ""
    parameters.verbosity = 1
    server = xllamacpp.Server(parameters)
    port = int(str(server.listening_address).rsplit(":", 1)[1])
    sys.stdout.write(json.dumps({"port": port}) + "\n")
    sys.stdout.flush()
    while sys.stdin.buffer.read(4096):
        pass
    # The native threads have nothing to save; unwinding them can hang on an open request.
    os._exit(0)


def main() -> None:
    """Entry of the process."""
    serve(Launch(**json.loads(sys.stdin.buffer.readline())))


if __name__ == "__main__":
    main()
