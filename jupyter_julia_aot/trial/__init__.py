"""Untrusted Julia: confined processes, trials with a verdict, and stateful sessions.

Names are imported from their modules on first use, so that importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_julia_aot.lazily import lazily

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

__getattr__ = lazily(__name__, _HOMES)
