"""Which files belong to a source, and what it refers to outside of itself.

A build works on a copy. So relative paths to other packages (``[sources]``, manifests) become absolute
ones, and the files that a cell or file includes come along.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from jupyter_julia_aot.build import source
from jupyter_julia_aot.errors import BuildError

_LEFT_OUT = frozenset({"node_modules", "__pycache__"})
_RESULTS = frozenset({"build", "dist"})  # at the top of a package; deeper they are somebody's sources
_MOST_BYTES = 64 << 20
_MOST_INCLUDES = 1000
_PATH = re.compile(r'(\bpath\s*=\s*")([^"\n]+)(")')
_TOML = re.compile(r"(Julia)?(Project|Manifest)(-v[\d.]+)?\.toml")


def package_files(origin: Path) -> Iterator[Path]:
    """Files of a package directory, in order, without what is no source; symbolic links are not followed
    out of it. Raises :class:`BuildError` when they are too many bytes to be sources."""
    total = 0
    for root, folders, names in os.walk(origin):
        left_out = _LEFT_OUT | _RESULTS if Path(root) == origin else _LEFT_OUT
        folders[:] = sorted(n for n in folders if n not in left_out and not n.startswith("."))
        for name in sorted(names):
            file = Path(root) / name
            if not file.is_file() or (file.is_symlink() and not _inside(file, origin)):
                continue
            total += file.stat().st_size
            if total > _MOST_BYTES:
                raise BuildError(
                    f"{origin} holds more than {_MOST_BYTES >> 20} MiB",
                    stage="project",
                    remedy="keep data and build results out of the package directory",
                )
            yield file


def _inside(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def outside(toml: str, folder: Path) -> tuple[Path, ...]:
    """The directories outside ``folder`` that a project file or manifest lying in it names by a path."""
    found = (folder / match[2] for match in _PATH.finditer(toml))
    return tuple(dict.fromkeys(path.resolve() for path in found if not _inside(path, folder)))


def with_absolute_paths(toml: str, folder: Path) -> str:
    """A project file or manifest of ``folder`` for a copy elsewhere: what lies outside is named in full."""

    def absolute(match: re.Match[str]) -> str:
        path = folder / match[2]
        return match[0] if _inside(path, folder) else f"{match[1]}{path.resolve()}{match[3]}"

    return _PATH.sub(absolute, toml)


def is_environment_file(name: str) -> bool:
    """Whether it is a project file or a manifest."""
    return _TOML.fullmatch(name) is not None


def package_hash(origin: Path) -> str:
    """A hash of a package's files, and of the packages that it names by path."""
    digest = hashlib.sha256()
    done: set[Path] = set()
    waiting = [origin.resolve()]
    while waiting:
        folder = waiting.pop()
        if folder in done:
            continue
        done.add(folder)
        for file in package_files(folder):
            digest.update(f"{file.relative_to(folder)}\0".encode() + file.read_bytes() + b"\0")
            if file.parent == folder and is_environment_file(file.name):
                waiting += outside(file.read_text(encoding="utf-8", errors="replace"), folder)
    return digest.hexdigest()


def environment_hash(manifest: Path | None) -> str:
    """A hash of the versions that a manifest names, and of the packages that it names by path."""
    if manifest is None:
        return ""
    text = manifest.read_text(encoding="utf-8")
    return _hash([text, *(package_hash(p) for p in outside(text, manifest.parent) if p.is_dir())])


def _hash(texts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def included_files(code: str, folder: Path) -> dict[str, str]:
    """The files that ``code`` includes, and those that they include, by their paths relative to ``folder``.

    A file that is not there is left to Julia to complain about. Raises :class:`BuildError` for one
    outside ``folder``, which the copy would not have.
    """
    found: dict[str, str] = {}
    waiting = [(Path(), code)]
    while waiting:
        where, text = waiting.pop()
        for name in source.included(text):
            path = Path(os.path.normpath(where / name))
            file = folder / path
            if path.is_absolute() or str(path) in found or not file.is_file():
                continue
            if path.parts[0] == ".." or not _inside(file, folder):
                raise BuildError(
                    f'include("{name}") reaches outside the directory of the source, {folder}',
                    stage="project",
                    remedy="make it a package (a directory with Project.toml and src/), or give a full path",
                )
            if len(found) == _MOST_INCLUDES:
                message = f"more than {_MOST_INCLUDES} files are included"
                raise BuildError(message, stage="project", remedy="make it a package")
            found[str(path)] = file.read_text(encoding="utf-8", errors="replace")
            waiting.append((path.parent, found[str(path)]))
    return found
