"""Squarified treemaps: Bruls, Huizing, van Wijk (2000), "Squarified Treemaps"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

# The box that rectangles are computed for, wide and low as views are; they are given in percent of it.
_WIDTH, _HEIGHT = 4.0, 1.0


def tiles(parts: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    """Names and bytes as rectangles ``{name, bytes, share, x, y, w, h}`` in percent, the largest first.

    Parts without bytes are left out.
    """
    left = sorted((p for p in parts if p[1] > 0), key=lambda p: -p[1])
    total = sum(size for _, size in left)
    x, y, width, height = 0.0, 0.0, _WIDTH, _HEIGHT
    made: list[dict[str, Any]] = []
    while left:
        side = min(width, height)
        scale = width * height / sum(size for _, size in left)
        row = [left[0]]
        while len(row) < len(left):
            longer = [*row, left[len(row)]]
            if _worst(longer, scale, side) > _worst(row, scale, side):
                break
            row = longer
        thickness = sum(size for _, size in row) * scale / side
        along = 0.0
        for name, size in row:
            length = size * scale / thickness
            box = (x, y + along, thickness, length) if width >= height else (x + along, y, length, thickness)
            made.append(_tile(name, size, total, box))
            along += length
        if width >= height:
            x, width = x + thickness, width - thickness
        else:
            y, height = y + thickness, height - thickness
        left = left[len(row) :]
    return made


def _worst(row: Sequence[tuple[str, int]], scale: float, side: float) -> float:
    """The least square-like side ratio in a row laid along ``side``."""
    areas = [size * scale for _, size in row]
    square = side * side / sum(areas) ** 2
    return max(max(square * a, 1 / (square * a)) for a in areas)


def _tile(name: str, size: int, total: int, box: tuple[float, float, float, float]) -> dict[str, Any]:
    x, y, w, h = box
    return {
        "name": name,
        "bytes": size,
        "share": round(100 * size / total, 1),
        "x": round(100 * x / _WIDTH, 3),
        "y": round(100 * y / _HEIGHT, 3),
        "w": round(100 * w / _WIDTH, 3),
        "h": round(100 * h / _HEIGHT, 3),
    }
