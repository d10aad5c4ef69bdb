"""Ahead of time: a recipe becomes a project, an image, a linked file, perhaps a bundle — and is run once.

Names are imported from their modules on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_julia_aot.lazily import lazily

if TYPE_CHECKING:
    from jupyter_julia_aot.build.builder import build
    from jupyter_julia_aot.build.diagnostics import read_diagnostics
    from jupyter_julia_aot.build.store import list_builds, prune
    from jupyter_julia_aot.build.verify import run_artifact

__all__ = ["build", "list_builds", "prune", "read_diagnostics", "run_artifact"]

_HOMES = {
    "build": "builder",
    "list_builds": "store",
    "prune": "store",
    "read_diagnostics": "diagnostics",
    "run_artifact": "verify",
}

__getattr__ = lazily(__name__, _HOMES)
