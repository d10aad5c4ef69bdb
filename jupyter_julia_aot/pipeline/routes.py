"""Routes of functions: preparing them, comparing them, taking one. For the faces."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jupyter_julia_aot.pipeline.compared import Comparison

if TYPE_CHECKING:
    from jupyter_julia_aot.history import History
    from jupyter_julia_aot.records import Artifact
    from jupyter_julia_aot.run.prepare import Prepared

_LOOK_BACK = 500


def prepare_run(
    julia: str = "",
    *,
    progress: Callable[[str], None] | None = None,
    cancel: threading.Event | None = None,
) -> Prepared:
    """Make in-process Julia ready; see :func:`run.prepare.prepare_run`."""
    from jupyter_julia_aot.run import prepare

    return prepare.prepare_run(julia, progress=progress, cancel=cancel)


def routes_here(julia: str = "") -> dict[str, str]:
    """Which Julia runs cells and which one builds; see :func:`run.prepare.routes_here`."""
    from jupyter_julia_aot.run import prepare

    return prepare.routes_here(julia)


def built_library(name: str, code: str, history: History) -> Artifact | None:
    """The newest library built from exactly this code whose Python package is still there."""
    from pathlib import Path

    for entry in history.builds(limit=_LOOK_BACK):
        artifact, recipe = entry.result.artifact, entry.recipe
        same = recipe is not None and (recipe.code or "").strip() == code.strip()
        folder = Path(artifact.binding) if artifact.binding else None
        if artifact.kind == "lib" and artifact.name == name and same and folder is not None:
            if not (folder / "__init__.py").is_file():
                continue
            return artifact
    return None


def take_best(name: str, code: str, comparison: Comparison, **how: Any) -> Any:
    """The function by the route that the comparison found best, which ``route="auto"`` remembers.

    ``None`` when no route ran with the right results.
    """
    from jupyter_julia_aot.pipeline.comparing import open_route
    from jupyter_julia_aot.run.measured import remember

    best = comparison.best
    if best is None:
        return None
    remember(name, code, best.route, comparison.why)
    function = open_route(best.route, name, code, **how)
    with contextlib.suppress(AttributeError):  # a compiled library's function takes no attributes
        function.why = comparison.why
    return function
