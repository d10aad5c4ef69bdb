"""A local language model writes Julia, a sandbox proves it, a compiler makes it a binary."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__version__ = "0.1.0"


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magics (``%load_ext jupyter_julia_aot``)."""
    from jupyter_julia_aot.magics import register

    register(shell)
