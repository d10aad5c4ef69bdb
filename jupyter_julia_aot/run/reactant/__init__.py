"""Julia array code compiled by Reactant (MLIR and XLA), in a process of its own.

Names are imported from their modules on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_julia_aot.run.reactant.function import ReactantFunction, ReactantRun, reactant_function
    from jupyter_julia_aot.run.reactant.hlo import Hlo
    from jupyter_julia_aot.run.reactant.host import close_hosts

__all__ = ["Hlo", "ReactantFunction", "ReactantRun", "close_hosts", "reactant_function"]

_HOMES = {
    "Hlo": "hlo",
    "ReactantFunction": "function",
    "ReactantRun": "function",
    "close_hosts": "host",
    "reactant_function": "function",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
