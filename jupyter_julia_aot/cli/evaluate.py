"""``eval`` and ``bench-trials``."""

from __future__ import annotations

from jupyter_julia_aot.cli.options import Verbs


def add_verbs(verbs: Verbs) -> None:
    """Register nothing yet."""
