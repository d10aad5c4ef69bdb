"""The Julia project's own binaries: juliapkg knows where, this module fetches and unpacks."""

from __future__ import annotations

import json
import sys
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_julia_aot.errors import InstallError
from jupyter_julia_aot.toolchain.download import download
from jupyter_julia_aot.toolchain.locks import replace_directory, staging
from jupyter_julia_aot.toolchain.process import run

Progress = Callable[[str, float | None], None]

ASK_SECONDS = 25.0
COMPAT = "1.10 - 1.13"
_CHECK_SECONDS = 60.0


def install_official(
    root: Path, progress: Progress, cancel: threading.Event | None = None, compat: str = COMPAT
) -> Path:
    """Install the newest version within ``compat`` to ``root/julia-<version>``; returns the program.

    Raises :class:`InstallError` when the server cannot be reached (after at most ``ASK_SECONDS``),
    the checksum is wrong, or the result does not run.
    """
    progress("official Julia: asking for the newest version", None)
    answer = newest(compat, cancel)
    version, size = str(answer["version"]), max(int(answer["size"]), 1)
    archive = root / "downloads" / f"julia-{version}.tar.gz"

    def fetched(count: int) -> None:
        progress(f"official Julia {version}: {count / 1e6:.0f} of {size / 1e6:.0f} MB", 0.9 * count / size)

    download(str(answer["url"]), archive, str(answer["sha256"]), progress=fetched, cancel=cancel)
    progress(f"official Julia {version}: unpacking", 0.92)
    target = root / f"julia-{version}"
    with staging(target) as fresh:
        _unpack(archive, fresh)
        _check(fresh / "bin" / "julia", cancel)
    archive.unlink(missing_ok=True)
    progress(f"official Julia {version}: ready", 1.0)
    return target / "bin" / "julia"


def newest(compat: str, cancel: threading.Event | None = None) -> dict[str, Any]:
    """``{"version", "url", "sha256", "size"}`` of the newest release, asked by juliapkg."""
    command = [sys.executable, "-m", "jupyter_julia_aot.toolchain.versions", compat]
    ran = run(command, timeout=ASK_SECONDS, cancel=cancel)
    if ran.timed_out:
        raise InstallError(f"Julia's download server did not answer within {ASK_SECONDS:.0f} s")
    if ran.code != 0:
        last = (ran.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise InstallError(f"Julia's download server cannot be used ({last[-300:]})")
    try:
        answer = json.loads(ran.stdout)
        return {key: answer[key] for key in ("version", "url", "sha256", "size")}
    except (ValueError, KeyError, TypeError) as error:
        raise InstallError(f"juliapkg gave no usable answer ({error})") from error


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack into ``folder``, without the archive's single top directory."""
    try:
        with tarfile.open(archive) as tar:
            if hasattr(tarfile, "data_filter"):
                tar.extractall(folder / "unpacked", filter="data")
            else:  # Python 3.11.0 – 3.11.3, Debian 12's among them; the archive's checksum is Julia's own
                tar.extractall(folder / "unpacked")  # noqa: S202
    except (tarfile.TarError, OSError, EOFError) as error:
        raise InstallError(f"{archive.name} could not be unpacked: {error}", remedy="try again") from error
    tops = list((folder / "unpacked").iterdir())
    if len(tops) != 1:
        raise InstallError(f"{archive.name} does not hold one Julia")
    for part in tops[0].iterdir():
        replace_directory(part, folder / part.name)
    tops[0].rmdir()
    (folder / "unpacked").rmdir()


def _check(program: Path, cancel: threading.Event | None) -> None:
    try:
        ran = run([str(program), "--version"], timeout=_CHECK_SECONDS, cancel=cancel)
    except OSError as error:
        raise InstallError(f"the official Julia cannot be started: {error}") from error
    if ran.code != 0:
        raise InstallError(f"the official Julia does not run here ({ran.failure})")
