"""``%julia setup-run``: everything that the first Julia cell would otherwise wait for, ahead of it.

Julia and PythonCall are found, or resolved by juliapkg as juliacall itself would; then a first start in a
process of its own compiles what can be kept. What the resolver says goes to a log.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jupyter_julia_aot.errors import CapabilityError, NoJuliaError, ToolchainError
from jupyter_julia_aot.records import Toolchain
from jupyter_julia_aot.settings import cache_dir

_SECONDS = 3600.0
_START = """
import json, sys, time
start = time.perf_counter()
from jupyter_julia_aot.run.cells import in_process_cells
cells = in_process_cells(sys.argv[1]).cells
assert cells.run("sum([1.0, 2.0])", "warm-up").value == 3.0
seconds = time.perf_counter() - start
cells.completions("prin", 4)
cells.run('println("ready")')
print("julia-aot\\t" + json.dumps({"seconds": seconds}))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What juliacall will run. ``start_seconds``: from a new Python process to the first cell's result."""

    version: str
    path: str
    installed: bool
    start_seconds: float
    log: Path


def prepare_run(
    julia: str = "",
    *,
    progress: Callable[[str], None] | None = None,
    cancel: threading.Event | None = None,
) -> Prepared:
    """Make in-process Julia ready. Raises :class:`CapabilityError`, ``Cancelled``."""
    say = progress or (lambda text: None)
    log = cache_dir() / "run" / "setup-run.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as file:

        def note(line: str) -> None:
            file.write(line.rstrip("\n") + "\n")

        toolchain, installed = _toolchain(julia, say, note, cancel, log)
        say(f"starting Julia {toolchain.version} once, to compile what can be kept")
        seconds = _first_start(toolchain, note, cancel, log, say)
    return Prepared(
        version=toolchain.version, path=toolchain.path, installed=installed, start_seconds=seconds, log=log
    )


def _toolchain(
    julia: str,
    say: Callable[[str], None],
    note: Callable[[str], None],
    cancel: threading.Event | None,
    log: Path,
) -> tuple[Toolchain, bool]:
    from jupyter_julia_aot.toolchain import choose_toolchain
    from jupyter_julia_aot.toolchain.process import run

    try:
        return choose_toolchain("juliacall", julia), False
    except (CapabilityError, NoJuliaError) as error:
        if julia or os.environ.get("JULIA_AOT_JULIA"):
            raise  # that one was asked for: no other will do
        note(str(error))
        say(f"{error.message}; juliapkg resolves one that this Python can run (log: {log})")
    ran = run([sys.executable, "-m", "juliapkg", "resolve"], timeout=_SECONDS, cancel=cancel, on_line=note)
    if ran.code != 0:
        raise CapabilityError(
            f"juliapkg could not resolve a Julia for juliacall: {ran.failure}", remedy=f"the whole log: {log}"
        )
    return choose_toolchain("juliacall", julia), True


def _first_start(
    toolchain: Toolchain,
    note: Callable[[str], None],
    cancel: threading.Event | None,
    log: Path,
    say: Callable[[str], None],
) -> float:
    from jupyter_julia_aot.toolchain.process import run

    seconds = 0.0
    for turn in ("compiling", "measuring"):
        say(f"{turn} …")
        began = time.monotonic()
        ran = run(
            [sys.executable, "-c", _START, toolchain.path], timeout=_SECONDS, cancel=cancel, on_line=note
        )
        lines = [line for line in ran.stdout.splitlines() if line.startswith("julia-aot\t")]
        if ran.code != 0 or not lines:
            raise CapabilityError(
                f"juliacall does not start with Julia {toolchain.version}: {ran.failure}",
                remedy=f"the whole log: {log}; `%%julia --worker` runs Julia in a process of its own",
            )
        seconds = float(json.loads(lines[-1].split("\t", 1)[1])["seconds"])
        note(f"{turn}: {time.monotonic() - began:.1f} s")
    return seconds


def routes_here(julia: str = "") -> dict[str, str]:
    """Which Julia runs cells and which one builds, for ``doctor``: versions, and a note where they differ."""
    from jupyter_julia_aot.toolchain import choose_toolchain

    def version(capability: str) -> tuple[str, str]:
        try:
            return choose_toolchain(capability, julia).version, ""  # type: ignore[arg-type]  # one of its names
        except ToolchainError as error:
            return "", error.message

    notebook, why_not = version("juliacall")
    compiler, no_compiler = version("juliac")
    worker, _ = version("trial")
    note = ""
    if not notebook:
        note = f"cells run in a worker process with Julia {worker}: {why_not}" if worker else why_not
    elif compiler and compiler != notebook:
        note = (
            f"cells run with Julia {notebook} in the notebook's process and builds with Julia {compiler} in "
            "their own: Python's OpenSSL decides which Julia it can hold; both work"
        )
    return {
        "in_process": notebook,
        "worker": worker,
        "compiler": compiler,
        "compiler_reason": no_compiler,
        "note": note,
    }
