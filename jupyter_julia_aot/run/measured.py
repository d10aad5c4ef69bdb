"""Which route was the fastest for a function: what comparisons found, kept for ``route="auto"``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from jupyter_julia_aot.settings import cache_dir

_MOST = 500


def remember(name: str, code: str, route: str, why: str) -> None:
    """Keep the result of a comparison; the newest 500 are kept."""
    from jupyter_julia_aot.toolchain.locks import file_lock, write_json

    path = _file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with file_lock(path.with_suffix(".lock")):
        known = _known()
        known.pop(_key(name, code), None)
        known[_key(name, code)] = {"route": route, "why": why}
        write_json(path, dict(list(known.items())[-_MOST:]))


def measured_route(name: str, code: str) -> tuple[str, str]:
    """The route that was the fastest for this code and why; empty texts when it was not compared."""
    found = _known().get(_key(name, code), {})
    return str(found.get("route", "")), str(found.get("why", ""))


def _file() -> Path:
    return cache_dir() / "run" / "routes.json"


def _known() -> dict[str, dict[str, str]]:
    try:
        data = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):  # absent or damaged: it is only a cache
        return {}
    return data if isinstance(data, dict) else {}


def _key(name: str, code: str) -> str:
    return hashlib.sha256(f"{name}\0{code}".encode()).hexdigest()[:24]
