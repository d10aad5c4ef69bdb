"""The worker image: Julia's own system image with the trial worker and the session in it, compiled.

A worker started from it is ready about as fast as a bare ``julia``; without it, it compiles for seconds.
It is made once per Julia, processor and version of our Julia code, and lies in the cache directory::

    workers/KEY/image.so      the image
    workers/KEY/about.json    which Julia it belongs to, seconds it took; its time says when it was used last
    workers/KEY/proven-…      forking was tried in a worker with it, under that sandbox and kernel
    workers/KEY.failed        why it could not be made; an explicit :func:`build_image` tries again
    workers/KEY.lock          held while one process makes it

No image is never an error: :func:`ready_image` then gives ``None``, and :func:`image_status` says why.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from jupyter_julia_aot.errors import BuildError, ToolchainError
from jupyter_julia_aot.records import Toolchain
from jupyter_julia_aot.settings import cache_dir, settings

JULIA_SOURCES = Path(__file__).parent / "julia"
BUILD_SECONDS = 3600.0
UNUSED_SECONDS = 30 * 86400.0
"""An image that nobody used for so long is removed when another is made."""
_FORMAT = 1

Progress = Callable[[str, float | None], None]
State = Literal["ready", "building", "missing", "failed", "impossible", "off"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageStatus:
    """Whether workers start from an image. ``reason``: why not, empty when ``state`` is ``ready``."""

    state: State
    reason: str = ""
    path: str = ""
    bytes: int = 0
    seconds: float = 0.0
    """How long it took to make."""


def image_status(toolchain: Toolchain) -> ImageStatus:
    """Whether there is a worker image for a Julia, and why not. Builds nothing, raises nothing."""
    if settings().worker_image == "off":
        return ImageStatus(state="off", reason="the setting worker_image is off")
    if "sysimage" not in toolchain.capabilities:
        return ImageStatus(state="impossible", reason=toolchain.reason.get("sysimage", "not available"))
    try:
        folder = _folder(toolchain)
    except ToolchainError as error:
        return ImageStatus(state="impossible", reason=error.message)
    image = folder / "image.so"
    if image.is_file():
        about = _read_json(folder / "about.json")
        size = image.stat().st_size
        return ImageStatus(
            state="ready", path=str(image), bytes=size, seconds=float(about.get("seconds", 0.0))
        )
    failed = _read_json(_failed(folder))
    if failed:
        return ImageStatus(state="failed", reason=str(failed.get("reason", "")))
    if _is_locked(folder):
        return ImageStatus(state="building", reason="it is being made")
    return ImageStatus(state="missing", reason="it has not been made yet (run: jupyter julia-aot setup)")


def ready_image(toolchain: Toolchain) -> Path | None:
    """The image to start workers of this Julia with, or ``None`` when there is none (yet)."""
    status = image_status(toolchain)
    if status.state != "ready":
        return None
    image = Path(status.path)
    with contextlib.suppress(OSError):  # a read-only cache: then nothing is removed from it either
        os.utime(image.parent / "about.json")
    return image


def build_image(
    toolchain: Toolchain, progress: Progress | None = None, cancel: threading.Event | None = None
) -> Path:
    """Make the image, or wait for the process that makes it; its path. About two minutes of one core.

    Raises :class:`~jupyter_julia_aot.errors.BuildError` saying why it cannot be made, ``Cancelled``.
    """
    from jupyter_julia_aot.toolchain.locks import file_lock

    say = progress or (lambda message, fraction: None)
    status = image_status(toolchain)
    if status.state in ("off", "impossible"):
        raise BuildError(f"no worker image: {status.reason}", stage="worker image")
    folder = _folder(toolchain)
    try:
        with file_lock(_lock(folder), cancel):
            if (image := ready_image(toolchain)) is not None:
                return image
            say("making the worker image (once per Julia, some minutes)", None)
            _make(toolchain, folder, cancel)
            _failed(folder).unlink(missing_ok=True)
            _remove_unused(folder)
            return folder / "image.so"
    except (BuildError, OSError) as error:
        reason = error.message if isinstance(error, BuildError) else f"{error.filename}: {error.strerror}"
        _note_failure(folder, reason)
        raise BuildError(f"no worker image: {reason}", stage="worker image") from error


def distrust(image: Path, reason: str) -> None:
    """A worker did not start with ``image`` and did without: do without from now on."""
    _note_failure(image.parent, reason)
    shutil.rmtree(image.parent, ignore_errors=True)


# ---------------------------------------------------------------- forking, seen to be safe


def proven(image: Path | None, sandbox: str) -> bool:
    """Whether a worker with this image has shown, under this sandbox and kernel, that it can be forked."""
    return image is not None and (image.parent / _proof(sandbox)).exists()


def note_proof(image: Path, sandbox: str) -> None:
    """Keep that it has."""
    with contextlib.suppress(OSError):  # it will be shown again, which costs a second
        (image.parent / _proof(sandbox)).touch()


def _proof(sandbox: str) -> str:
    kernel = hashlib.sha256(" ".join(platform.uname()[2:5]).encode()).hexdigest()[:12]
    return f"proven-{sandbox}-{kernel}"


# ---------------------------------------------------------------- where


def _folder(toolchain: Toolchain) -> Path:
    from jupyter_julia_aot.toolchain import installation

    place = installation(toolchain)
    described = [str(_FORMAT), place.version, _identity(toolchain.path), _identity(place.image)]
    text = "\n".join([*described, _identity(place.libjulia), _processor(), _sources()])
    return cache_dir() / "workers" / hashlib.sha256(text.encode()).hexdigest()[:20]


def _identity(path: str) -> str:
    try:
        status = Path(path).stat()
    except OSError:
        return path
    return f"{os.path.realpath(path)} {status.st_size} {status.st_mtime_ns}"


@lru_cache(maxsize=1)
def _processor() -> str:
    """What the machine code in the image was made for; a cache directory may be shared by machines."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    kinds = ("model name", "flags", "Features", "CPU part")
    return platform.machine() + "".join(sorted({x for x in lines if x.startswith(kinds)}))


@lru_cache(maxsize=1)
def _sources() -> str:
    """Our Julia code; also where it lies, for the image's line numbers name files."""
    parts = [str(JULIA_SOURCES).encode()]
    parts += [path.name.encode() + path.read_bytes() for path in sorted(JULIA_SOURCES.glob("*.jl"))]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _lock(folder: Path) -> Path:
    return folder.with_suffix(".lock")


def _failed(folder: Path) -> Path:
    return folder.with_suffix(".failed")


def _is_locked(folder: Path) -> bool:
    import fcntl

    try:
        with _lock(folder).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _note_failure(folder: Path, reason: str) -> None:
    from jupyter_julia_aot.toolchain.locks import write_json

    with contextlib.suppress(OSError):  # then it is tried again, in vain
        write_json(_failed(folder), {"reason": reason})


# ---------------------------------------------------------------- making it


def _make(toolchain: Toolchain, folder: Path, cancel: threading.Event | None) -> None:
    from jupyter_julia_aot.toolchain import installation
    from jupyter_julia_aot.toolchain.locks import staging, write_json
    from jupyter_julia_aot.toolchain.system_image import link_command, object_command

    place = installation(toolchain)
    begin = time.monotonic()
    with staging(folder) as fresh:  # also what a killed builder leaves is found and removed there
        work = fresh / "work"
        work.mkdir()
        object_file, image = work / "image.o", fresh / "image.so"
        script = [str(JULIA_SOURCES / "image.jl")]
        variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith("JULIA_")},
            **toolchain.environment,
            "JULIA_DEPOT_PATH": f"{work}:{place.datadir}",
            "JULIA_LOAD_PATH": "@stdlib",
            "JULIA_NUM_THREADS": "1",
            "OPENBLAS_NUM_THREADS": "1",
        }
        options = ("--threads=1,0" if toolchain.version_tuple >= (1, 12, 0) else "--threads=1",)
        command = object_command(toolchain, place, object_file, script, options)
        _step(command, variables, cancel, "Julia could not write it")
        _step(link_command(place, object_file, image), variables, cancel, "it could not be linked")
        check = object_command(toolchain, place, object_file, ())[:1]
        check += ["--startup-file=no", f"--sysimage={image}", "-e", _CHECK]
        _step(check, variables, cancel, "Julia does not start with it")
        shutil.rmtree(work)
        about = {"julia": toolchain.path, "version": toolchain.version, "sources": str(JULIA_SOURCES)}
        write_json(fresh / "about.json", {**about, "seconds": round(time.monotonic() - begin, 1)})


_CHECK = (
    'all(haskey(Base.loaded_modules, Base.PkgId(name)) for name in ("JuliaAotTrialWorker", '
    '"JuliaAotSessionWorker")) || exit(1)'
)


def _step(
    command: list[str], environment: dict[str, str], cancel: threading.Event | None, failure: str
) -> None:
    from jupyter_julia_aot.toolchain.process import run

    done = run(command, environment=environment, timeout=BUILD_SECONDS, cancel=cancel)
    if done.code != 0:
        lines = done.stderr.splitlines()
        why = next((line for line in lines if line.startswith("ERROR")), done.failure)
        raise BuildError(f"{failure} ({why})", stage="worker image")


def _remove_unused(folder: Path) -> None:
    """Remove earlier images of the same Julia and installation of ours, and what nobody used for long."""
    mine = _read_json(folder / "about.json")
    for about in folder.parent.glob("*/about.json"):
        if about.parent == folder:
            continue
        found = _read_json(about)
        with contextlib.suppress(OSError):  # somebody else removes it
            replaced = all(found.get(key) == mine.get(key) for key in ("julia", "sources"))
            if replaced or time.time() - about.stat().st_mtime > UNUSED_SECONDS:
                shutil.rmtree(about.parent)
