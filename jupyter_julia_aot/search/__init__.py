"""From candidates to the best one. Pure code: nothing here reads, writes or waits."""

from __future__ import annotations

from jupyter_julia_aot.search.dedupe import distinct, duplicates, normalise
from jupyter_julia_aot.search.idioms import rewrite_idioms
from jupyter_julia_aot.search.selection import select

__all__ = ["distinct", "duplicates", "normalise", "rewrite_idioms", "select"]
