"""The packages a program uses, resolved without the network: the standard library and the depots."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from jupyter_julia_aot.errors import BuildError
from jupyter_julia_aot.toolchain.packages import package_environment
from jupyter_julia_aot.toolchain.probe import Installation


@dataclass(frozen=True, slots=True)
class Resolved:
    """``deps`` are names and UUIDs for ``Project.toml``; ``manifest`` is a file to copy, or ``None``."""

    deps: tuple[tuple[str, str], ...]
    manifest: Path | None


def resolve(names: tuple[str, ...], place: Installation) -> Resolved:
    """UUIDs of ``names``, and the manifest of the environment that has the outside ones.

    Raises :class:`BuildError` (stage ``project``) naming a package that is not installed.
    """
    deps: list[tuple[str, str]] = []
    manifest: Path | None = None
    for name in names:
        uuid = standard_library(place).get(name)
        if uuid is None:
            uuid, manifest = _outside(name, place, manifest)
        deps.append((name, uuid))
    return Resolved(tuple(deps), manifest)


def standard_library(place: Installation) -> dict[str, str]:
    """Names and UUIDs of the packages that come with this Julia."""
    folder = Path(place.datadir) / "stdlib"
    found: dict[str, str] = {}
    for project in folder.glob("v*/*/Project.toml"):
        match = re.search(r'^uuid\s*=\s*"([0-9a-f-]+)"', project.read_text(encoding="utf-8"), re.M)
        if match:
            found[project.parent.name] = match[1]
    return found


def _outside(name: str, place: Installation, manifest: Path | None) -> tuple[str, Path]:
    environment = package_environment(name, place)
    if environment:
        file = next(
            (f for f in sorted(Path(environment).glob("Manifest*.toml"), reverse=True) if f.is_file()), None
        )
        if file is not None and manifest in (None, file):
            data = tomllib.loads(file.read_text(encoding="utf-8"))
            entries = data.get("deps", data)[name]
            return str(entries[0]["uuid"]), file
    where = f"Julia {place.version} at {place.program}"
    raise BuildError(
        f"the code uses {name}, which is not installed for {where}",
        stage="project",
        remedy=f"in that Julia: using Pkg; Pkg.add({name!r}) — or build from a package directory that has it",
    )
