"""What can be done with an artifact after it was built."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from jupyter_julia_aot.errors import SettingError
from jupyter_julia_aot.records import Artifact, Recipe, Verified

if TYPE_CHECKING:
    from jupyter_julia_aot.build.bindings.load import Library
    from jupyter_julia_aot.history import History

# How many past builds are looked through for a name or id.
LOOK_BACK = 500
MOST_DOWNLOAD = 512 << 20
"""Bytes of an artifact that a browser is handed at most."""


def find_executable(which: str, history: History) -> str:
    """The path of an executable, given by its build's id (or the beginning of it), name, or path.

    A name means its newest build. Raises :class:`SettingError` when there is none.
    """
    if "/" in which:
        if not Path(which).is_file():
            raise SettingError(f"there is no file {which}", remedy="build it again")
        return which
    artifacts = [entry.result.artifact for entry in history.builds(limit=LOOK_BACK)]
    exact = [a for a in artifacts if which in (a.id, a.name)]
    for artifact in exact or [a for a in artifacts if which and a.id.startswith(which)]:
        if artifact.kind == "exe" and Path(artifact.path).is_file():
            return artifact.path
    known = ", ".join(dict.fromkeys(a.name for a in artifacts if a.kind == "exe")) or "none"
    raise SettingError(
        f"no executable {which!r} was built, or its file is gone", remedy=f"there are: {known}"
    )


def keep_project(recipe: Recipe, folder: str, julia: str = "") -> Path:
    """Write the Julia package of ``recipe`` into ``folder`` for the user to keep, and give the folder.

    Raises as :func:`jupyter_julia_aot.build.keep.keep_project`, and what choosing a Julia raises.
    """
    from jupyter_julia_aot.build.keep import keep_project as keep
    from jupyter_julia_aot.pipeline.builds import choose_builder

    return keep(recipe, choose_builder(recipe, julia), Path(folder)).folder


def run_artifact(
    path: str,
    arguments: tuple[str, ...] = (),
    *,
    stdin: bytes = b"",
    timeout: float = 60.0,
    cancel: threading.Event | None = None,
) -> Verified:
    """Run the executable at ``path``.

    Raises :class:`~jupyter_julia_aot.errors.BuildError` when it does not start or runs over
    ``timeout`` seconds, :class:`~jupyter_julia_aot.errors.Cancelled` when stopped.
    """
    from jupyter_julia_aot.build import run_artifact as run

    return run(path, arguments, stdin=stdin, timeout=timeout, cancel=cancel)


def run_attached(path: str, arguments: tuple[str, ...] = (), timeout: float | None = None) -> int:
    """Run the executable at ``path`` with this process's own input and output, and give its exit code.

    Raises as :func:`run_artifact` does; without ``timeout`` it may take as long as it likes.
    """
    from jupyter_julia_aot.build.verify import run_attached as run

    return run(path, arguments, timeout)


def packed(artifact: Mapping[str, Any]) -> tuple[str, bytes]:
    """A name and the bytes of an artifact (as JSON) to hand out: the file, or a bundle as ``.tar.gz``.

    Raises :class:`SettingError` when it is gone or larger than :data:`MOST_DOWNLOAD`.
    """
    import io
    import tarfile

    path = Path(artifact["path"])
    total = artifact.get("bundle_bytes") or artifact["bytes"]
    if not path.is_file():
        raise SettingError(f"{path} is gone", remedy="build it again")
    if total > MOST_DOWNLOAD:
        raise SettingError(
            f"{path.name} is too large to download from here ({total / 1e6:.0f} MB)",
            remedy=f"it is at {path}",
        )
    if not artifact.get("bundle_bytes"):
        return path.name, path.read_bytes()
    top = _top(path)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        archive.add(top, arcname=str(artifact["name"]))
    return f"{artifact['name']}.tar.gz", buffer.getvalue()


def reveal(artifact: Mapping[str, Any]) -> str:
    """Open the artifact's folder on this machine's desktop; a sentence of what was done."""
    import os
    import shutil
    import subprocess
    import sys

    folder = Path(artifact["path"]).parent
    program = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    desktop = sys.platform == "darwin" or any(os.environ.get(v) for v in ("DISPLAY", "WAYLAND_DISPLAY"))
    if program is None or not desktop:
        return f"the kernel's machine has no desktop; the folder is {folder}"
    subprocess.Popen(
        [program, str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    return f"opened {folder}"


def _top(path: Path) -> Path:
    """The directory that a bundle consists of: the one with ``bin`` and ``lib`` in it."""
    return path.parent.parent if path.parent.name in ("bin", "lib") else path.parent


def prune_builds(*, days: float | None = None, keep_mb: float | None = None) -> tuple[list[str], int]:
    """Delete builds older than ``days``, then the oldest until ``keep_mb`` MB are left.

    Returns the deleted ids and the freed bytes.
    """
    from jupyter_julia_aot.build import prune

    return prune(days=days, keep_mb=keep_mb)


def open_library(
    artifact: Artifact | str, *, route: Literal["auto", "process", "helper"] = "auto"
) -> Library:
    """The functions of a library, callable from Python; see :func:`build.bindings.load.load_library`."""
    from jupyter_julia_aot.build.bindings.load import load_library

    return load_library(artifact, route=route)


def find_library(which: str, history: History) -> Artifact:
    """A library that was built, with its Python package, by its name or id.

    Raises :class:`SettingError` when there is none.
    """
    artifacts = [entry.result.artifact for entry in history.builds(limit=LOOK_BACK)]
    libraries = [a for a in artifacts if a.binding is not None and Path(a.binding).is_dir()]
    for artifact in libraries:
        if which in (a for a in (artifact.id, artifact.name) if a):
            return artifact
    known = ", ".join(dict.fromkeys(a.name for a in libraries)) or "none"
    raise SettingError(f"no library {which!r} was built, or its files are gone", remedy=f"there are: {known}")


def make_wheel(artifact: Artifact, folder: Path, *, name: str = "", version: str = "0.1.0") -> Path:
    """The wheel of a bundled library; see :func:`build.wheel.build_wheel`."""
    from jupyter_julia_aot.build.wheel import build_wheel

    return build_wheel(artifact, folder, name=name, version=version)
