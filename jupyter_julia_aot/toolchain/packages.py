"""Which Julia packages are installed for a Julia, read from its environments without starting it."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from jupyter_julia_aot.settings import cache_dir
from jupyter_julia_aot.toolchain.probe import Installation


def package_environment(name: str, place: Installation) -> str:
    """The directory of an environment in which ``using NAME`` works, or the empty string.

    Looks at the environments of Julia's load path, those that ``pkg> app add`` made, and the one
    that our own ``setup`` made for this minor version.
    """
    for folder in _environments(name, place):
        entry = _manifest_entry(folder, name, _minor(place.version))
        if entry is not None and _installed(name, entry, folder, place):
            return str(folder)
    return ""


def stamp_of_environment(name: str, place: Installation) -> list[int]:
    """What changes when the environment that has the package changes; empty where none has it."""
    folder = package_environment(name, place)
    files = sorted(Path(folder).glob("*Manifest*.toml")) if folder else []
    return [number for file in files for number in (file.stat().st_size, file.stat().st_mtime_ns)]


def our_environment(place: Installation) -> Path:
    """The environment that ``setup`` fills with JuliaC for this minor version of Julia."""
    return cache_dir() / "toolchains" / f"packages-{_minor(place.version)}"


def _minor(version: str) -> str:
    match = re.match(r"(\d+)\.(\d+)", version)
    return f"{match[1]}.{match[2]}" if match else version


def _environments(name: str, place: Installation) -> Iterator[Path]:
    variables = {**os.environ, **dict(place.environment)}
    for chosen in (variables.get("JULIA_PROJECT"), *variables.get("JULIA_LOAD_PATH", "").split(":")):
        if chosen and not chosen.startswith("@"):
            yield Path(chosen) if Path(chosen).is_dir() else Path(chosen).parent
    for depot in map(Path, place.depots):
        yield depot / "environments" / f"v{_minor(place.version)}"
        yield depot / "environments" / f"v{place.version}"
        yield depot / "environments" / "apps" / name
    yield our_environment(place)
    yield from juliapkg_projects()


def juliapkg_projects() -> Iterator[Path]:
    """Where juliapkg keeps its environment: see juliapkg's ``state.py``."""
    chosen = os.environ.get("PYTHON_JULIAPKG_PROJECT")
    if chosen:
        yield Path(chosen)
    if sys.prefix != sys.base_prefix:
        yield Path(sys.prefix) / "julia_env"
    if conda := os.environ.get("CONDA_PREFIX"):
        yield Path(conda) / "julia_env"
    depot = os.environ.get("JULIA_DEPOT_PATH", "").split(os.pathsep)[0] or Path.home() / ".julia"
    yield Path(depot) / "environments" / "pyjuliapkg"


def _manifest_entry(folder: Path, name: str, minor: str) -> dict[str, Any] | None:
    for file in (folder / f"Manifest-v{minor}.toml", folder / "Manifest.toml", folder / "JuliaManifest.toml"):
        try:
            status = file.stat()
        except OSError:
            continue
        entries = _manifest(str(file), status.st_mtime_ns)
        found = entries.get(name)
        return found[0] if found else None
    return None


@lru_cache(maxsize=64)
def _manifest(path: str, mtime_ns: int) -> dict[str, list[dict[str, Any]]]:
    try:
        data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # unreadable: Julia could not use it either
        return {}
    deps = data.get("deps", data)
    return {k: v for k, v in deps.items() if isinstance(v, list)} if isinstance(deps, dict) else {}


def _installed(name: str, entry: dict[str, Any], folder: Path, place: Installation) -> bool:
    if "path" in entry:
        return (folder / str(entry["path"]) / "src" / f"{name}.jl").is_file()
    return any(
        source.is_file()
        for depot in map(Path, place.depots)
        for source in (depot / "packages" / name).glob(f"*/src/{name}.jl")
    )
