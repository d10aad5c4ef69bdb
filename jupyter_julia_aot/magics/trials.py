"""``%%julia_trial``: run a cell in the notebook's sandboxed Julia session."""

from __future__ import annotations
