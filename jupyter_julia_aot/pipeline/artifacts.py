"""What can be done with an artifact after it was built."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_julia_aot.errors import SettingError
from jupyter_julia_aot.records import Recipe, Verified

if TYPE_CHECKING:
    from jupyter_julia_aot.history import History

# How many past builds are looked through for a name or id.
LOOK_BACK = 500


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
    path: str, arguments: tuple[str, ...] = (), *, stdin: bytes = b"", timeout: float = 60.0
) -> Verified:
    """Run the executable at ``path``.

    Raises :class:`~jupyter_julia_aot.errors.BuildError` when it does not start or runs over
    ``timeout`` seconds.
    """
    from jupyter_julia_aot.build import run_artifact as run

    return run(path, arguments, stdin=stdin, timeout=timeout)


def prune_builds(*, days: float | None = None, keep_mb: float | None = None) -> tuple[list[str], int]:
    """Delete builds older than ``days``, then the oldest until ``keep_mb`` MB are left.

    Returns the deleted ids and the freed bytes.
    """
    from jupyter_julia_aot.build import prune

    return prune(days=days, keep_mb=keep_mb)
