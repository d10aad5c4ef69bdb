"""A local language model writes Julia, a sandbox proves it, a compiler makes it a binary."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from jupyter_server.serverapp import ServerApp

__version__ = "0.1.0"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics (``%load_ext jupyter_julia_aot``)."""
    from jupyter_julia_aot.magics import register

    register(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Where the built front end is, for ``jupyter labextension develop``."""
    return [{"src": "labextension", "dest": "jupyter-julia-aot"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """What Jupyter Server loads."""
    return [{"module": "jupyter_julia_aot"}]


def _load_jupyter_server_extension(app: ServerApp) -> None:
    """Register the side panel's routes."""
    from jupyter_julia_aot.server import load

    load(app)
