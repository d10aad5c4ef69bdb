"""Packages whose names are imported on first use, so that importing the package costs nothing."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazily(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The ``__getattr__`` of ``package``; ``homes`` maps each public name to the module it lives in.

    The returned function raises ``AttributeError`` for other names, as PEP 562 asks.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807 - it becomes the package's
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{home}"), name)

    return __getattr__
