"""Run a bundle where there is nothing else: an empty root directory with the C library in it."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

from jupyter_julia_aot.build.bundle import SYSTEM
from jupyter_julia_aot.build.slim import elf_files
from jupyter_julia_aot.records import Verified
from jupyter_julia_aot.toolchain.process import run

_ROW = re.compile(r"^\s*(?:(\S+) => )?(/\S+) \(0x")
_SECONDS = 30.0
_EMPTY = "/tmp"  # noqa: S108 - inside, where it is new and empty


def why_not() -> str:
    """Why this machine cannot do it; empty when it can."""
    program = shutil.which("bwrap")
    if program is None:
        return "bubblewrap (bwrap) is not installed"
    tried = run([program, "--unshare-all", "--ro-bind", "/", "/", "true"], timeout=_SECONDS)
    return "" if tried.code == 0 else f"bubblewrap cannot start here: {tried.failure}"


def c_library(product: Path) -> dict[str, Path]:
    """Where the files of the bundle look for the C library's parts and the loader → the real files."""
    found: dict[str, Path] = {}
    for file in elf_files(product):
        listed = run(["ldd", str(file)], timeout=_SECONDS).stdout
        for match in filter(None, map(_ROW.match, listed.splitlines())):
            name, path = match[1] or Path(match[2]).name, Path(match[2])
            if SYSTEM.match(Path(name).name):
                found[str(path)] = path.resolve()
    return found


def run_alone(
    product: Path, program: Path, args: Sequence[str] = (), cancel: threading.Event | None = None
) -> Verified:
    """Run ``program`` of the bundle ``product``, which is ``/app`` there; ``/proc``, ``/dev`` and an
    empty ``/tmp`` (the home directory) are the only other things besides the C library.

    Call only where :func:`why_not` has nothing to say. Raises :class:`Cancelled` when stopped.
    """
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--clearenv", "--proc", "/proc"]
    command += ["--dev", "/dev", "--tmpfs", _EMPTY, "--chdir", _EMPTY, "--setenv", "HOME", _EMPTY]
    command += ["--ro-bind", str(product), "/app"]
    for place, real in sorted(c_library(product).items()):
        command += ["--ro-bind", str(real), place]
    command += [f"/app/{program.relative_to(product)}", *args]
    ran = run(command, timeout=_SECONDS, cancel=cancel)
    return Verified(
        ran=True,
        exit_code=None if ran.timed_out else ran.code,
        stdout=ran.stdout,
        stderr=ran.stderr,
        seconds=ran.seconds,
    )
