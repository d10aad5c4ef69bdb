"""Packages whose names are imported on first use, so that importing the package costs nothing."""

from __future__ import annotations

import importlib
import sys
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
        value = getattr(importlib.import_module(f"{package}.{home}"), name)
        # Importing a module makes it an attribute of its package, under a name that may be this one.
        setattr(sys.modules[package], name, value)
        return value

    return __getattr__
