"""Comparing what the command line prints with the contract that scripts rely on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CONTRACT: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "contract" / "cli.json").read_text(encoding="utf-8")
)


def assert_shaped_like(value: Any, example: Any, path: str = "$") -> None:
    """``value`` has every key of ``example``, with the same JSON types; ``null`` stands for any."""
    if example is None:
        return
    if isinstance(example, dict):
        assert isinstance(value, dict), f"{path}: {value!r} is no object"
        if path.rsplit(".", 1)[-1] in ("reason", "tasks", "pass@k"):
            return
        for key, wanted in example.items():
            assert key in value, f"{path}: {key!r} is missing, there are {sorted(value)}"
            assert_shaped_like(value[key], wanted, f"{path}.{key}")
    elif isinstance(example, list):
        assert isinstance(value, list), f"{path}: {value!r} is no list"
        for i, item in enumerate(value if example else ()):
            assert_shaped_like(item, example[0], f"{path}[{i}]")
    elif isinstance(example, (int, float)) and not isinstance(example, bool):
        assert isinstance(value, (int, float)), f"{path}: {value!r} is no number"
        assert not isinstance(value, bool), f"{path}: {value!r} is no number"
    else:
        assert isinstance(value, type(example)), f"{path}: {value!r} is no {type(example).__name__}"
