"""What was asked, tried, chosen and built, kept in SQLite under the Jupyter data directory.

:class:`History` writes events and reads them back; :mod:`~jupyter_julia_aot.history.costs`
counts tokens and money, :mod:`~jupyter_julia_aot.history.corpus` exports what was verified.
Names are resolved on first use so that importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_julia_aot.lazily import lazily

if TYPE_CHECKING:
    from jupyter_julia_aot.history.corpus import export_corpus
    from jupyter_julia_aot.history.costs import Baseline, Ledger, LedgerDay, ledger
    from jupyter_julia_aot.history.progress import RunProgress
    from jupyter_julia_aot.history.store import History
    from jupyter_julia_aot.history.views import (
        BuildEntry,
        CandidateEntry,
        Change,
        RunDetail,
        RunSummary,
        left_out,
    )

_HOMES = {
    "History": "store",
    "RunSummary": "views",
    "RunProgress": "progress",
    "RunDetail": "views",
    "CandidateEntry": "views",
    "BuildEntry": "views",
    "Change": "views",
    "left_out": "views",
    "Ledger": "costs",
    "LedgerDay": "costs",
    "Baseline": "costs",
    "ledger": "costs",
    "export_corpus": "corpus",
}

__all__ = [
    "Baseline",
    "BuildEntry",
    "CandidateEntry",
    "Change",
    "History",
    "Ledger",
    "LedgerDay",
    "RunDetail",
    "RunProgress",
    "RunSummary",
    "export_corpus",
    "ledger",
    "left_out",
]

__getattr__ = lazily(__name__, _HOMES)
