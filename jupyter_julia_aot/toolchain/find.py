"""Every Julia on this machine: where to look, which is best, and what does not run."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from jupyter_julia_aot.errors import CapabilityError, NoJuliaError, ToolchainError
from jupyter_julia_aot.records import Capability, Toolchain
from jupyter_julia_aot.settings import cache_dir, settings
from jupyter_julia_aot.toolchain.capabilities import (
    COMPILING,
    NO_COMPILER,
    OLDEST,
    c_compiler,
    capabilities,
    version_tuple,
)
from jupyter_julia_aot.toolchain.packages import juliapkg_projects
from jupyter_julia_aot.toolchain.probe import Installation, probe

SETUP = "run `jupyter julia-aot setup` to install one, or set JULIA_AOT_JULIA to a Julia of yours"


def find_toolchains(julia: str = "") -> tuple[Toolchain, ...]:
    """Every Julia that runs, best first: most capabilities, then newest.

    ``julia`` (a path or a command), else the setting or ``JULIA_AOT_JULIA``, names the only one to
    consider; otherwise PATH, juliaup, juliapkg and our own installations are looked through.
    """
    return _look(julia)[0]


def broken_toolchains(julia: str = "") -> tuple[tuple[str, str], ...]:
    """``(path, why)`` of what was found in those places but is no Julia that can be used."""
    return _look(julia)[1]


def choose_toolchain(capability: Capability, julia: str = "") -> Toolchain:
    """The best Julia that can do ``capability``.

    Raises :class:`NoJuliaError` when no Julia runs at all, :class:`CapabilityError` with the reason
    of the best one when none can do it.
    """
    found, broken = _look(julia)
    for toolchain in found:
        if capability in toolchain.capabilities:
            return toolchain
    if not found:
        raise _none_usable(julia, broken)
    best = found[0]
    if capability in COMPILING and not c_compiler():
        # Whichever way of compiling was asked for last: it is not this Julia that lacks something.
        raise CapabilityError(NO_COMPILER, remedy="on Debian or Ubuntu: apt-get install gcc")
    raise CapabilityError(
        f"Julia {best.version} at {best.path} cannot be used for {capability}: "
        f"{best.reason.get(capability, 'unknown')}",
        remedy=_remedy(capability, best),
    )


def julia_command(toolchain: Toolchain, *args: str) -> list[str]:
    """The command line that runs this Julia without the user's startup file."""
    return [toolchain.path, "--startup-file=no", "--history-file=no", *args]


def julia_environment(toolchain: Toolchain, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment with what the toolchain needs, and ``extra`` on top."""
    return {**os.environ, **toolchain.environment, **(extra or {})}


def private_root() -> Path:
    """Where our own installations lie, one directory each."""
    return cache_dir() / "toolchains"


def _look(julia: str) -> tuple[tuple[Toolchain, ...], tuple[tuple[str, str], ...]]:
    found: dict[str, tuple[int, Toolchain]] = {}
    broken: dict[str, str] = {}
    for order, (program, source) in enumerate(_places(julia)):
        try:
            place = probe(program)
            if version_tuple(place.version) < OLDEST:
                raise ToolchainError(f"it is Julia {place.version}; 1.5 is the oldest that can be used")
        except ToolchainError as error:
            broken.setdefault(program, error.message)
            continue
        real = os.path.realpath(Path(place.bindir) / "julia")
        if real not in found:
            found[real] = (order, _toolchain(place, source))

    def best(entry: tuple[int, Toolchain]) -> tuple[int, tuple[int, ...], int]:
        order, toolchain = entry
        return -len(toolchain.capabilities), tuple(-n for n in toolchain.version_tuple), order

    return tuple(t for _, t in sorted(found.values(), key=best)), tuple(broken.items())


def _toolchain(place: Installation, source: str) -> Toolchain:
    able, reason = capabilities(place)
    return Toolchain(
        path=place.program,
        version=place.version,
        source=source,
        capabilities=able,
        reason=reason,
        environment={} if place.self_contained else dict(place.environment),
        prefix=place.prefix,
    )


def _places(julia: str) -> Iterator[tuple[str, str]]:
    """Programs to ask, with where each was found."""
    named, source = (julia, "setting") if julia else (settings().julia, _setting_origin())
    if named:
        # A bare command is looked up on PATH; a path is one from here.
        command = str(Path.cwd() / Path(named).expanduser()) if os.sep in named else named
        yield shutil.which(command) or command, source
        return
    seen: set[str] = set()
    for program, origin in _unnamed_places():
        if program not in seen:
            seen.add(program)
            yield program, origin


def _setting_origin() -> str:
    origin = settings().origin("julia")
    return origin if origin.startswith("JULIA_AOT_") else "setting"


def _unnamed_places() -> Iterator[tuple[str, str]]:
    on_path = shutil.which("julia")
    if on_path:
        yield on_path, "PATH"
    juliaup = Path(os.environ.get("JULIAUP_DEPOT_PATH") or Path.home() / ".julia") / "juliaup"
    for program in sorted(juliaup.glob("*/bin/julia"), reverse=True):
        yield str(program), "juliaup"
    for variable in ("PYTHON_JULIAPKG_EXE", "PYTHON_JULIACALL_EXE"):
        chosen = os.environ.get(variable)
        if chosen and (program_path := shutil.which(chosen)):
            yield program_path, variable
    for project in juliapkg_projects():
        program = project / "pyjuliapkg" / "install" / "bin" / "julia"
        if program.is_file():
            yield str(program), "juliapkg"
    for pattern in ("julia-*/bin/julia", "debian-*/usr/bin/julia"):
        for program in sorted(private_root().glob(pattern), reverse=True):
            yield str(program), "installed by us"


def _none_usable(julia: str, broken: tuple[tuple[str, str], ...]) -> NoJuliaError:
    if not broken:
        return NoJuliaError("no Julia was found on this machine", remedy=SETUP)
    listed = "; ".join(f"{path}: {why}" for path, why in broken)
    named = julia or settings().julia
    if named:
        origin = _setting_origin() if named == settings().julia else ""
        said = f" (from {origin})" if origin.startswith("JULIA_AOT_") else ""
        return NoJuliaError(
            f"the Julia that was asked for{said} cannot be used: {listed}",
            remedy="give the path of a julia program, or none: then the best one found is used",
        )
    return NoJuliaError(f"no Julia on this machine runs ({listed})", remedy=SETUP)


def _remedy(capability: Capability, best: Toolchain) -> str:
    if capability == "juliac" and best.version_tuple < (1, 12, 0):
        return "install Julia ≥ 1.12 (`jupyter julia-aot setup --source official`), or build with trim=no"
    if capability == "juliacall":
        return "a worker process runs the code instead; for juliacall install Julia 1.10 or newer"
    return "install what is missing, or choose another Julia with --julia or JULIA_AOT_JULIA"
