"""What a Julia can do for us, and for each thing it cannot, why."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import ssl
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from jupyter_julia_aot.records import CAPABILITIES, Capability
from jupyter_julia_aot.toolchain.packages import package_environment
from jupyter_julia_aot.toolchain.probe import Installation

OLDEST = (1, 5, 0)
"""Older ones lack what the worker and the system image need."""


def capabilities(place: Installation) -> tuple[tuple[Capability, ...], dict[str, str]]:
    """The capabilities of an installation, and the reason for each missing one."""
    checks = {
        "trial": _trial,
        "sysimage": _sysimage,
        "packagecompiler": _packagecompiler,
        "juliacall": _juliacall,
        "juliac": _juliac,
    }
    reasons: dict[str, str] = {name: why for name in CAPABILITIES if (why := checks[name](place))}
    return tuple(name for name in CAPABILITIES if name not in reasons), reasons


def version_tuple(version: str) -> tuple[int, int, int]:
    """``(major, minor, patch)`` of ``1.12.5`` or ``1.13.0-rc1``."""
    numbers = [int(n) for n in re.findall(r"\d+", version.split("-")[0].split("+")[0])[:3]]
    major, minor, patch = [*numbers, 0, 0, 0][:3]
    return major, minor, patch


def c_compiler() -> list[str]:
    """The C compiler's command: ``JULIA_CC``, else cc, gcc or clang; empty when there is none."""
    chosen = os.environ.get("JULIA_CC", "").strip()
    for candidate in (chosen, "cc", "gcc", "clang"):
        words = shlex.split(candidate)
        if words and shutil.which(words[0]):
            return words
    return []


NO_COMPILER = "no C compiler was found (cc, gcc or clang, or JULIA_CC)"

COMPILING: tuple[Capability, ...] = ("juliac", "packagecompiler", "sysimage")
"""What needs a C compiler."""


def _older_than(place: Installation, major: int, minor: int, patch: int, what: str) -> str:
    if version_tuple(place.version) >= (major, minor, patch):
        return ""
    wanted = f"{major}.{minor}.{patch}" if patch else f"{major}.{minor}"
    return f"{what} needs Julia ≥ {wanted}, this is {place.version}"


def _trial(place: Installation) -> str:
    return _older_than(place, 1, 5, 0, "running candidates")


def _sysimage(place: Installation) -> str:
    why = _older_than(place, 1, 5, 0, "a system image")
    if why:
        return why
    if not c_compiler():
        return NO_COMPILER
    if not (Path(place.includedir) / "julia.h").is_file():
        return "julia.h is not installed (Debian: package libjulia-dev)"
    if not Path(place.libjulia).is_file():
        return "libjulia is not a shared library of this Julia"
    if not Path(place.image).is_file():
        return "this Julia has no system image to start from"
    return ""


def _packagecompiler(place: Installation) -> str:
    why = _older_than(place, 1, 6, 0, "PackageCompiler 2")
    if why:
        return why
    if not c_compiler():
        return NO_COMPILER
    if not package_environment("PackageCompiler", place):
        return 'PackageCompiler is not installed for it (pkg> add PackageCompiler, in "v1" of its depot)'
    return ""


def _juliacall(place: Installation) -> str:
    why = _older_than(place, 1, 10, 3, "juliacall")
    if why:
        return why
    if find_spec("juliacall") is None:
        return "the Python package juliacall is not installed"
    needed, have = _openssl_of(place), ssl.OPENSSL_VERSION_INFO[:2]
    if needed and needed > have:
        return (
            f"this Julia brings OpenSSL {needed[0]}.{needed[1]} and Python has {have[0]}.{have[1]} loaded; "
            "in one process they clash. Use Julia 1.10 or 1.11 for juliacall"
        )
    if not (os.environ.get("PYTHON_JULIACALL_PROJECT") or package_environment("PythonCall", place)):
        return "the Julia package PythonCall is not installed for it (run: jupyter julia-aot setup)"
    return ""


def _openssl_of(place: Installation) -> tuple[int, int] | None:
    """The version of the OpenSSL that lies in the installation; Julia's own ≥ 1.12 is 3.5."""
    for folder in (Path(place.prefix) / "lib" / "julia", Path(place.prefix) / "lib"):
        library = folder / "libcrypto.so.3"
        if library.is_file():
            return _newest_symbols(str(library), library.stat().st_mtime_ns)
    return None


@lru_cache(maxsize=8)
def _newest_symbols(library: str, mtime_ns: int) -> tuple[int, int] | None:
    """The newest version for which an OpenSSL library has symbols (``OPENSSL_3.5.0``)."""
    found = re.findall(rb"OPENSSL_(\d+)\.(\d+)\.\d+", Path(library).read_bytes())
    return max(((int(major), int(minor)) for major, minor in found), default=None)


def _juliac(place: Installation) -> str:
    why = _older_than(place, 1, 12, 0, "juliac")
    if why:
        return why
    if not c_compiler():
        return NO_COMPILER
    if place.juliac_script or package_environment("JuliaC", place):
        return ""
    return "neither the package JuliaC nor juliac.jl is there (run: jupyter julia-aot setup)"
