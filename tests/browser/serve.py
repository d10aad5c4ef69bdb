"""A JupyterLab for the browser tests: own directories, a filled history, a scripted model.

``python serve.py PORT``: everything lives in a temporary directory that is removed at the end.
The model server's answers are written down here (they must be the same in every run, and one of
them hostile); kernel, server, history, trials and builds are the real ones.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
HISTORY_ROWS = int(os.environ.get("JULIA_AOT_TEST_ROWS", "50000"))

# Galata's helpers need a server without a token; stories about hubs and logins need a real one.
OPEN = """
from jupyterlab.galata import configure_jupyter_server

configure_jupyter_server(c)
"""
LOCKED = """
c.IdentityProvider.token = "test-token"
"""

CONFIG = """
c.ServerApp.port = {port}
c.ServerApp.port_retries = 0
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.base_url = {base_url!r}
c.ServerApp.allow_root = True
c.ServerApp.open_browser = False
c.ServerApp.jpserver_extensions = {{"jupyter_julia_aot": True}}
galata = c.LabServerApp.extra_labextensions_path
c.LabServerApp.extra_labextensions_path = [{labextensions!r}, *([galata] if galata else [])]
"""


def environment(home: Path, model_port: int) -> dict[str, str]:
    """Nothing of the user's is read or written, except the cache of toolchains."""
    return {
        **os.environ,
        "JULIA_AOT_DATA_DIR": str(home / "julia_aot"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "IPYTHONDIR": str(home / "ipython"),
        "OPENAI_BASE_URL": f"http://127.0.0.1:{model_port}/v1",
        "OPENAI_API_KEY": "none",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }


def fill_history(rows: int) -> None:
    """``rows`` runs of the last months, written in one transaction, then one of last week."""
    from jupyter_julia_aot.history import History, spill
    from jupyter_julia_aot.records import Candidate, Event, Usage, to_json
    from tests.server.support import record_generation

    words = (
        "sort",
        "numbers",
        "vector",
        "matrix",
        "mean",
        "prime",
        "string",
        "count",
        "sum",
        "graph",
        "tree",
    )
    chance = random.Random(1)
    now = time.time()
    events = []
    for index in range(rows):
        at = now - 90 * 86_400 + index * (80 * 86_400 / max(1, rows))
        name = f"{chance.choice(words)}_{chance.choice(words)}_{index}"
        run_id = f"{int(at * 1000):012x}{index:08x}"
        usage = Usage(prompt_tokens=200 + index % 100, completion_tokens=80, cached_tokens=120, seconds=1.5)
        candidate = Candidate(id=f"c{run_id}", name=name, code=f"{name}(x) = x", origin="model")
        say = [
            (
                "run_started",
                {"prompt": {"name": name, "request": f"Return the {name}."}, "model": "qwen3-coder"},
            ),
            ("candidate", {"candidate": to_json(candidate)}),
            ("run_finished", {"status": "done", "seconds": 2.0, "usage": to_json(usage)}),
        ]
        events += [Event(run_id=run_id, kind=kind, data=data, at=at) for kind, data in say]  # type: ignore[arg-type]
    with History() as history:
        history.recover(spill.write(events))
        record_generation(
            history,
            name="leap_years_between",
            request="Count the leap years between two years, both included.",
            code="leap_years_between(a, b) = count(y -> (y % 4 == 0 && y % 100 != 0) || y % 400 == 0, a:b)",
            at=now - 7 * 86_400,
        )
        record_generation(
            history,
            name="hostile_one",
            request='<img src=x onerror="window.hacked=1"><script>window.hacked=2</script>',
            code='hostile_one(x) = "</pre><script>window.hacked=3</script><img onerror=window.hacked=4 src=x>"',  # noqa: E501
            error="<svg onload=window.hacked=5>\u202e<b>bold</b>",
            at=now - 3600,
        )


def add_program(directory: Path) -> None:
    """A program in the history with a bundle, so that running and downloading need no compiler."""
    import hashlib

    from jupyter_julia_aot.history import History
    from jupyter_julia_aot.records import Library
    from tests.server.support import record_build

    program = directory / "greet" / "greet"
    (program.parent / "lib").mkdir(parents=True)
    program.write_text('#!/bin/sh\nfor name in "$@"; do echo "hello, $name"; done\n', encoding="utf-8")
    program.chmod(0o755)
    sizes = {"libjulia.so": 180_000, "libopenlibm.so": 230_000, "libgreetings.so": 41_000}
    for name, size in sizes.items():
        (program.parent / "lib" / name).write_bytes(bytes(size))
    libraries = tuple(Library(name=name, bytes=size, bundled=True) for name, size in sizes.items())
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    with History() as history:
        record_build(history, program, sha256=digest, name="greet", libraries=libraries)


def add_samples(directory: Path) -> None:
    """Answers for four of our own tasks: three right ones and a wrong one."""
    tasks = ROOT / "jupyter_julia_aot" / "bench" / "tasks"
    chosen = sorted(p for p in tasks.iterdir() if (p / "reference.jl").is_file())[:4]
    lines = [
        {"task_id": folder.name, "solution": (folder / "reference.jl").read_text(encoding="utf-8")}
        for folder in chosen
    ]
    lines[-1]["solution"] = "nothing_of_the_kind() = 0"
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (directory / "samples.jsonl").write_text(text, encoding="utf-8")


def free_port(wanted: int = 0) -> int:
    """A port nobody listens on; 0 when ``wanted`` is taken."""
    import socket

    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return 0
        return int(probe.getsockname()[1])


def second_model() -> subprocess.Popen[bytes] | None:
    """Another scripted model where discovery looks; ``None`` when somebody else uses those ports."""
    port = next(filter(None, map(free_port, (1234, 8000, 11434, 8080))), 0)
    if not port:
        return None
    program = str(Path(__file__).with_name("model_server.py"))
    return subprocess.Popen([sys.executable, program, str(port), "second-coder"])


def end_jobs(folder: Path) -> None:
    """Stop what the panel started and a failed story left running: it outlives the server."""
    for job in folder.glob("*/supervisor"):
        if not (job.parent / "exit").exists():
            with contextlib.suppress(OSError, ValueError):  # it may be ending just now
                os.kill(int(job.read_text(encoding="utf-8")), signal.SIGINT)


def main(port: int) -> int:
    """Serve until told to stop."""
    home = Path(tempfile.mkdtemp(prefix="julia-aot-browser-"))
    model_port = int(os.environ.get("JULIA_AOT_TEST_MODEL_PORT", "0")) or free_port()
    os.environ.update(environment(home, model_port))
    sys.path.insert(0, str(ROOT))
    labextensions = home / "labextensions"
    labextensions.mkdir()
    (labextensions / "jupyter-julia-aot").symlink_to(ROOT / "jupyter_julia_aot" / "labextension")
    (home / "work").mkdir()
    (home / "config").mkdir()
    fill_history(HISTORY_ROWS)
    add_program(home / "work")
    add_samples(home / "work")
    base_url = os.environ.get("JULIA_AOT_TEST_BASE_URL", "/")
    locked = os.environ.get("JULIA_AOT_TEST_LOCKED") == "1"
    config = (LOCKED if locked else OPEN) + CONFIG.format(
        port=port, base_url=base_url, labextensions=str(labextensions)
    )
    (home / "config" / "jupyter_server_config.py").write_text(config, encoding="utf-8")
    (home / "config" / "state.json").write_text(json.dumps({"home": str(home)}), encoding="utf-8")
    model = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("model_server.py")), str(model_port)]
    )
    command = [sys.executable, "-m", os.environ.get("JULIA_AOT_TEST_APP", "jupyterlab"), "--no-browser"]
    command += [f"--config={home / 'config' / 'jupyter_server_config.py'}", f"--notebook-dir={home / 'work'}"]
    # It would be found by other programs of this machine, too: only where a story needs it.
    alone = locked or os.environ.get("JULIA_AOT_TEST_SECOND") == "0"
    second = None if alone else second_model()
    results = ROOT / "test-results"
    results.mkdir(exist_ok=True)
    log = (results / f"serve-{port}.log").open("wb")

    def begin() -> subprocess.Popen[bytes]:
        return subprocess.Popen(command, cwd=home / "work", stdout=log, stderr=log)

    server = begin()

    def end() -> None:
        """Ask the server to end; a thread of its own library can keep it from doing so."""
        server.terminate()
        killer = threading.Timer(10.0, server.kill)
        killer.daemon = True
        killer.start()

    def stop(number: int, frame: object) -> None:
        end()

    def restart(number: int, frame: object) -> None:
        nonlocal restarting
        restarting = True
        end()

    restarting = False
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    # The story "server restarted under the open tab" asks for this one.
    signal.signal(signal.SIGUSR1, restart)
    known = f"{os.getpid()}\n{home}\n{'' if second is None else 'second'}"
    (results / f"serve-{port}.pid").write_text(known, encoding="utf-8")
    try:
        while True:
            server.wait()
            if not restarting:
                return 0
            restarting = False
            server = begin()
    finally:
        log.close()
        end_jobs(home / "julia_aot" / "jobs")
        for one in filter(None, (model, second)):
            one.terminate()
            one.wait()
        shutil.rmtree(home, ignore_errors=True)  # a kernel may be writing its last line there


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
