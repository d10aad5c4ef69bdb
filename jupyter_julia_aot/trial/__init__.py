"""Untrusted Julia: confined processes, trials with a verdict, and stateful sessions.

Names are imported from their modules on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_julia_aot.trial.oracle import check_oracle
    from jupyter_julia_aot.trial.pool import TrialPool
    from jupyter_julia_aot.trial.sandbox import choose_sandbox, launch, sandbox_statuses
    from jupyter_julia_aot.trial.session import Session, SessionResult

__all__ = [
    "Session",
    "SessionResult",
    "TrialPool",
    "check_oracle",
    "choose_sandbox",
    "launch",
    "sandbox_statuses",
]

_HOMES = {
    "Session": "session",
    "SessionResult": "session",
    "TrialPool": "pool",
    "check_oracle": "oracle",
    "choose_sandbox": "sandbox",
    "launch": "sandbox",
    "sandbox_statuses": "sandbox",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
