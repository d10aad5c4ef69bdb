"""Finished builds, one directory each, named by the hash of everything that determines the artifact."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from jupyter_julia_aot.build import source
from jupyter_julia_aot.build.dependencies import resolve
from jupyter_julia_aot.build.images import prune_images
from jupyter_julia_aot.build.job import depot
from jupyter_julia_aot.build.package_files import environment_hash, included_files, package_hash
from jupyter_julia_aot.build.project import JULIA_FILES
from jupyter_julia_aot.errors import BuildError
from jupyter_julia_aot.records import BuildResult, Recipe, from_json, to_json
from jupyter_julia_aot.settings import cache_dir
from jupyter_julia_aot.toolchain.capabilities import c_compiler
from jupyter_julia_aot.toolchain.locks import write_json
from jupyter_julia_aot.toolchain.packages import stamp_of_environment
from jupyter_julia_aot.toolchain.probe import Installation

RESULT_FILE = "build.json"
PRODUCT = "product"
_OURS = (JULIA_FILES, Path(__file__).with_name("bindings"))
_FORMAT = 1
_COMPILED_DAYS = 7.0
_VARIABLES = ("JULIA_CPU_TARGET", "JULIA_CC", "CFLAGS", "LDFLAGS")


@dataclass(frozen=True, slots=True)
class Entry:
    """A finished build on disk."""

    folder: Path
    result: BuildResult
    bytes: int
    used: float
    """When it was last built or asked for, seconds since the epoch."""


def root() -> Path:
    """Where builds lie."""
    return cache_dir() / "builds"


def build_key(recipe: Recipe, place: Installation) -> str:
    """A hash of sources, options, toolchain, C compiler and our own Julia and C files."""
    facts = {
        "format": _FORMAT,
        "recipe": to_json(dataclasses.replace(recipe, folder=None)),  # what it includes counts, not where
        "sources": _sources_hash(recipe, place),
        "files": [_file_hash(Path(p)) for p in (*recipe.c_sources, *recipe.extra_objects)],
        "julia": [place.version, place.program, place.libjulia, _stamp(place.image)],
        "packages": [stamp_of_environment(name, place) for name in ("JuliaC", "PackageCompiler")],
        "compiler": [c_compiler(), *(_stamp(shutil.which(word) or "") for word in c_compiler()[:1])],
        "variables": {name: os.environ.get(name, "") for name in _VARIABLES},
        "ours": [_file_hash(f) for folder in _OURS for f in sorted(folder.iterdir()) if f.is_file()],
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:20]


def _file_hash(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise BuildError(
            f"{file} cannot be read: {error.strerror or error}",
            stage="project",
            remedy="give an existing file",
        ) from error


def _stamp(path: str) -> list[int]:
    try:
        status = Path(path).stat()
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns]


def _sources_hash(recipe: Recipe, place: Installation) -> object:
    """What the recipe's code or package refers to: included files, versions of packages, their sources."""
    if recipe.project:
        return package_hash(Path(recipe.project))
    code = recipe.code or ""
    more = included_files(code, Path(recipe.folder)) if recipe.folder else {}
    manifest = resolve(source.used_packages("\n".join([code, *more.values()])), place).manifest
    return [more, environment_hash(manifest)]


def load(key: str) -> BuildResult | None:
    """The finished build of ``key``, when all of it is still there as it was written."""
    folder = root() / key
    try:
        data = json.loads((folder / RESULT_FILE).read_text(encoding="utf-8"))
        result = from_json(BuildResult, data["result"])
        whole = all((folder / PRODUCT / name).stat().st_size == size for name, size in data["files"].items())
        os.utime(folder / RESULT_FILE)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # absent or damaged: build anew
        return None
    return result if whole else None


def save(folder: Path, result: BuildResult) -> None:
    """Write the record of a build into its directory."""
    product = folder / PRODUCT
    files = {str(p.relative_to(product)): p.stat().st_size for p in sorted(product.rglob("*")) if p.is_file()}
    write_json(folder / RESULT_FILE, {"files": files, "result": to_json(result)})


def entries() -> list[Entry]:
    """Finished builds, the last used first."""
    found: list[Entry] = []
    for file in root().glob(f"[!.]*/{RESULT_FILE}"):
        result = load_quietly(file)
        if result is not None:
            found.append(Entry(file.parent, result, _bytes(file.parent), file.stat().st_mtime))
    return sorted(found, key=lambda e: e.used, reverse=True)


def _bytes(folder: Path) -> int:
    """What lies below a folder; a file with several names in it (an image is linked) counts once."""
    status = [p.lstat() for p in folder.rglob("*") if not p.is_dir()]
    return sum({(s.st_dev, s.st_ino): s.st_size for s in status}.values())


def load_quietly(file: Path) -> BuildResult | None:
    """A build's record without touching when it was used; ``None`` when it is damaged."""
    try:
        return from_json(BuildResult, json.loads(file.read_text(encoding="utf-8"))["result"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def list_builds() -> tuple[BuildResult, ...]:
    """Builds in the cache, the last used first."""
    return tuple(entry.result for entry in entries())


def prune(days: float | None = None, keep_mb: float | None = None) -> tuple[list[str], int]:
    """Delete builds not used for ``days`` days, then the oldest until ``keep_mb`` MB (10⁶ bytes) are left.

    Returns the ids of the deleted artifacts and the freed bytes.
    """
    kept: list[Entry] = []
    doomed: list[Entry] = []
    now = time.time()
    for entry in entries():
        old = days is not None and now - entry.used > days * 86400
        (doomed if old else kept).append(entry)
    total = sum(entry.bytes for entry in kept)
    while keep_mb is not None and kept and total > keep_mb * 1e6:
        oldest = kept.pop()
        total -= oldest.bytes
        doomed.append(oldest)
    for entry in doomed:
        (entry.folder / RESULT_FILE).unlink(missing_ok=True)  # first: half of a build is none
        shutil.rmtree(entry.folder, ignore_errors=True)
    prune_images()
    _prune_depot()
    return [entry.result.artifact.id for entry in doomed], sum(entry.bytes for entry in doomed)


def _prune_depot() -> None:
    """Delete packages that were compiled on the way to builds, and are old; they only save time."""
    for file in (depot() / "compiled").glob("v*/*/*"):
        with contextlib.suppress(OSError):  # somebody else was quicker
            if time.time() - file.stat().st_mtime > _COMPILED_DAYS * 86400:
                file.unlink()
