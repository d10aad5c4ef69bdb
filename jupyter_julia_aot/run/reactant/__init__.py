"""Julia array code compiled by Reactant (MLIR and XLA), in a process of its own.

Names are imported from their modules on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_julia_aot.lazily import lazily

if TYPE_CHECKING:
    from jupyter_julia_aot.run.reactant.function import (
        CpuInsteadWarning,
        ReactantFunction,
        ReactantRun,
        reactant_function,
    )
    from jupyter_julia_aot.run.reactant.hlo import Hlo
    from jupyter_julia_aot.run.reactant.host import close_hosts

__all__ = ["CpuInsteadWarning", "Hlo", "ReactantFunction", "ReactantRun", "close_hosts", "reactant_function"]

_HOMES = {
    "CpuInsteadWarning": "function",
    "Hlo": "hlo",
    "ReactantFunction": "function",
    "ReactantRun": "function",
    "close_hosts": "host",
    "reactant_function": "function",
}

__getattr__ = lazily(__name__, _HOMES)
