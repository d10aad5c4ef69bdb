"""Install a Julia when there is none: the official one, else Debian's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

from jupyter_julia_aot.errors import InstallError, ToolchainError
from jupyter_julia_aot.records import Toolchain
from jupyter_julia_aot.toolchain.apt import BY_HAND
from jupyter_julia_aot.toolchain.debian import install_debian
from jupyter_julia_aot.toolchain.find import find_toolchains, private_root
from jupyter_julia_aot.toolchain.locks import file_lock
from jupyter_julia_aot.toolchain.official import install_official
from jupyter_julia_aot.toolchain.probe import forget

Source = Literal["auto", "official", "debian"]


def install_julia(
    source: Source = "auto",
    progress: Callable[[str, float | None], None] | None = None,
    cancel: threading.Event | None = None,
) -> Toolchain:
    """Install a Julia into the cache directory, without root; returns it once it has been run.

    ``auto`` takes the official binary and, where its server cannot be reached, Debian's Julia 1.5.
    ``progress`` gets a message and a fraction of 1 (or ``None``). Two installs at once do the work
    once; a killed one leaves nothing but downloads that the next continues.

    Raises :class:`InstallError` telling why each way failed, :class:`Cancelled` when stopped.
    """
    tell = progress or (lambda _message, _fraction: None)
    ways = {"official": install_official, "debian": install_debian}
    if source not in ("auto", *ways):
        raise InstallError(f"there is no source {source!r}", remedy="choose auto, official or debian")
    root = private_root()
    failures: list[str] = []
    try:
        with file_lock(root / "install.lock", cancel) as waited:
            if waited and (found := _installed(source)):
                return found
            for name, install in ways.items():
                if source not in ("auto", name):
                    continue
                try:
                    program = str(install(root, tell, cancel))
                except InstallError as error:
                    failures.append(f"{name}: {error.message}")
                    tell(f"{name}: {error.message}", None)
                    continue
                forget(program)
                return _as_toolchain(program)
    except OSError as error:
        raise InstallError(
            f"{root} cannot be written: {error.strerror or error}",
            remedy="free some space, or set JULIA_AOT_CACHE_DIR to a directory with 600 MB free",
        ) from error
    raise InstallError("no Julia could be installed: " + "; ".join(failures), remedy=BY_HAND)


def _installed(source: Source) -> Toolchain | None:
    """What another process has just installed while we waited for the lock."""
    root = private_root()
    pattern = {"official": "julia-*/bin/julia", "debian": "debian-*/usr/bin/julia"}
    patterns = pattern.values() if source == "auto" else [pattern[source]]
    programs = [program for p in patterns for program in sorted(root.glob(p), reverse=True)]
    try:
        return _as_toolchain(str(programs[0])) if programs else None
    except InstallError:  # it failed there: try ourselves
        return None


def _as_toolchain(program: str) -> Toolchain:
    try:
        found = find_toolchains(program)
    except ToolchainError as error:
        raise InstallError(f"the new Julia does not answer: {error.message}") from error
    if not found:
        raise InstallError(f"the new Julia at {program} does not run", remedy=BY_HAND)
    return found[0]
