"""The example notebooks that the launcher card copies."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from jupyter_julia_aot.server.validate import RequestError

INSTALLED = Path(sys.prefix) / "share" / "jupyter-julia-aot" / "notebooks"
IN_CLONE = Path(__file__).parents[2] / "notebooks"


def listing() -> list[dict[str, str]]:
    """``{"id", "title"}`` of each, by name; the title is the notebook's first heading."""
    return [{"id": p.stem, "title": _title(_read(p)) or p.stem} for p in _files()]


def content(notebook_id: str) -> dict[str, Any]:
    """The notebook without outputs, as a fresh copy to run. Raises :class:`RequestError` (404)."""
    for path in _files():
        if path.stem == notebook_id:
            notebook = _read(path)
            for cell in notebook.get("cells", []):
                if cell.get("cell_type") == "code":
                    cell["outputs"], cell["execution_count"] = [], None
            return notebook
    raise RequestError(f"no example notebook {notebook_id!r}", field="id", status=404)


def _files() -> list[Path]:
    folder = IN_CLONE if (IN_CLONE.parent / "pyproject.toml").is_file() else INSTALLED
    return sorted(folder.glob("*.ipynb"))


def _read(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def _title(notebook: dict[str, Any]) -> str:
    for cell in notebook.get("cells", []):
        if cell.get("cell_type") == "markdown":
            for line in "".join(cell.get("source", "")).splitlines():
                if line.startswith("#"):
                    return line.lstrip("#").strip()
    return ""
