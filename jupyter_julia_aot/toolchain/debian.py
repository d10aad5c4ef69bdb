"""Julia 1.5.3 out of Debian's archive: the fallback where only package mirrors can be reached.

The packages are unpacked into a private directory with ``dpkg -x``: no root, nothing installed.
What the machine has already (its C library, zlib …) is used; Julia's own libraries, and those in
which the suites differ in a way that breaks it, come along. libunwind is one: Julia hands it a
structure whose layout changed in 1.6, and any exception would crash with the newer one.
"""

from __future__ import annotations

import os
import shlex
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from jupyter_julia_aot.errors import InstallError
from jupyter_julia_aot.toolchain.apt import BY_HAND, SUITE, Archive, debian_mirror
from jupyter_julia_aot.toolchain.locks import staging
from jupyter_julia_aot.toolchain.process import run

Progress = Callable[[str, float | None], None]

WANTED = ("julia", "libjulia-dev", "libopenblas0-pthread")
# Always taken from the suite, whatever the machine has: Julia was built against exactly these.
_OWN = frozenset(
    (
        "julia",
        "libjulia1",
        "julia-common",
        "libjulia-dev",
        "libllvm9",
        "libgit2-1.1",
        "libmbedcrypto3",
        "libmbedtls12",
        "libmbedx509-0",
        "libopenlibm3",
        "libdsfmt-19937-1",
        "libutf8proc2",
        "libffi7",
        "libhttp-parser2.9",
        "libz3-4",
        "libedit2",
        "libbsd0",
        "libmd0",
        "libopenblas0-pthread",
        "libunwind8",
        "libgfortran5",
        "libquadmath0",
        "libpcre2-8-0",
        "libgmp10",
        "libmpfr6",
        "libssh2-1",
    )
)
# Never taken: one process can hold one C library, and every Debian since this suite has a newer one.
_SYSTEM = frozenset(
    (
        "libc6",
        "libcrypt1",
        "libgcc-s1",
        "libstdc++6",
        "gcc-10-base",
        "tar",
        "dpkg",
        "perl-base",
        "debconf",
        "libselinux1",
        "libacl1",
        "libc-bin",
        "libtinfo6",
    )
)
_UNPACK_SECONDS = 120.0
_CHECK_SECONDS = 60.0
_CHECK = "using LinearAlgebra, Test; @test [2.0 0; 0 2] \\ [2.0, 4] == [1.0, 2]; print(VERSION, big(2)^70)"


def install_debian(root: Path, progress: Progress, cancel: threading.Event | None = None) -> Path:
    """Install into ``root/debian-<suite>``; returns the program. Needs no root and some 60 MB.

    Raises :class:`InstallError` when this is no Debian, the mirror does not serve the suite, or the
    result does not run; ``root`` is then as before. Downloads are kept until it succeeds.
    """
    mirror = debian_mirror()
    archive = Archive(root / "apt", mirror, cancel)
    progress("Debian: reading the package list", 0.05)
    archive.update()
    packages = needed(archive.closure(WANTED), installed_packages())
    done: set[str] = set()

    def fetched(line: str) -> None:
        if line.startswith("Get:"):
            done.add(line)
            share = 0.1 + 0.6 * min(len(done) / len(packages), 1.0)
            progress(f"Debian: {line.split(' ', 2)[-1]}", share)

    progress(f"Debian: downloading {len(packages)} packages", 0.1)
    debs = archive.download(packages, fetched)
    target = root / f"debian-{SUITE}"
    with staging(target) as fresh:
        for number, deb in enumerate(debs):
            progress(f"Debian: unpacking {deb.name}", 0.7 + 0.2 * number / len(debs))
            ran = run(["dpkg", "-x", str(deb), str(fresh)], timeout=_UNPACK_SECONDS, cancel=cancel)
            if ran.code != 0:
                deb.unlink(missing_ok=True)  # damaged: the next try fetches it again
                raise InstallError(f"{deb.name} could not be unpacked ({ran.failure})", remedy="try again")
        library_folder = _library_folder(fresh)
        mend_links(library_folder)
        lend_fortran(library_folder)
        _wrap(fresh, fresh)
        progress("Debian: checking that it runs", 0.92)
        _check(fresh / "usr" / "bin" / "julia", cancel)
        _wrap(fresh, target)
    for deb in debs:
        deb.unlink(missing_ok=True)
    progress("Debian: ready", 1.0)
    return target / "usr" / "bin" / "julia"


def needed(closure: Iterable[str], installed: Iterable[str]) -> list[str]:
    """What to download of a closure, given what the machine has."""
    have = set(installed)
    return [name for name in closure if name in _OWN or (name not in _SYSTEM and name not in have)]


def installed_packages() -> tuple[str, ...]:
    """Names of the Debian packages installed on this machine."""
    ran = run(["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n"], timeout=_CHECK_SECONDS)
    return tuple(line.split()[-1] for line in ran.stdout.splitlines() if line.startswith("ii"))


def _library_folder(root: Path) -> Path:
    found = sorted((root / "usr" / "lib").glob("*/julia"))
    if not found:
        raise InstallError("the Debian packages hold no Julia libraries", remedy=BY_HAND)
    return found[0].parent


def mend_links(library_folder: Path) -> None:
    """Point links whose target was left to the system at the system's file.

    Raises :class:`InstallError` naming a link that leads nowhere even then.
    """
    system = Path("/usr/lib") / library_folder.name
    beside = Path("/lib") / library_folder.name
    for link in (library_folder / "julia").iterdir():
        if link.is_symlink() and not link.exists():
            name = link.readlink().name
            found = next((d / name for d in (system, beside) if (d / name).exists()), None)
            if found is None:
                if name.startswith("libcurl"):  # only Julia ≥ 1.6 loads it
                    link.unlink()
                    continue
                raise InstallError(
                    f"{link.name} needs {name}, which no package brought", remedy=f"apt-get install {name}"
                )
            link.unlink()
            link.symlink_to(found)


def lend_fortran(library_folder: Path) -> None:
    """Link Fortran's runtime into the folder of Julia's private libraries.

    OpenBLAS looks for it there alone (its RUNPATH is ``$ORIGIN``): a program built with this Julia starts
    without our ``LD_LIBRARY_PATH``, and a bare machine has no other.
    """
    for name in ("libgfortran.so.5", "libquadmath.so.0"):
        link = library_folder / "julia" / name
        if (library_folder / name).exists() and not link.exists():
            link.symlink_to(Path("..") / name)


def _wrap(root: Path, final: Path) -> None:
    """Put a script in front of the program that says where its libraries are once in ``final``."""
    bindir = root / "usr" / "bin"
    program, hidden = bindir / "julia", bindir / "julia-program"
    if not hidden.exists():
        program.rename(hidden)
    multiarch = _library_folder(root).name
    libraries = final / "usr" / "lib" / multiarch
    folders = [libraries, libraries / "julia"]
    if (root / "lib" / multiarch).is_dir():  # some packages are older than the merged /usr
        folders.append(final / "lib" / multiarch)
    folders += [final / p.relative_to(root) for p in sorted(_library_folder(root).glob("openblas-*"))]
    path = ":".join(map(str, folders))
    fresh = bindir / ".julia-new"
    fresh.write_text(
        "#!/bin/sh\n"
        f"export LD_LIBRARY_PATH={shlex.quote(path)}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\n"
        f'exec {shlex.quote(str(final / "usr" / "bin" / hidden.name))} "$@"\n',
        encoding="utf-8",
    )
    fresh.chmod(0o755)
    fresh.replace(program)


def _check(program: Path, cancel: threading.Event | None) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("JULIA_", "LD_"))}
    command = [str(program), "--startup-file=no", "--history-file=no", "--compile=min", "-e", _CHECK]
    ran = run(command, environment=environment, timeout=_CHECK_SECONDS, cancel=cancel)
    if ran.code != 0:
        raise InstallError(f"the Julia from Debian does not run here ({ran.failure})", remedy=BY_HAND)
