"""Reading and writing the settings file that the magics read, and the schema for JupyterLab.

:class:`~jupyter_julia_aot.settings.JuliaAot` is the one source: names, types, limits, defaults
and help texts of the schema come from its traits. ``python -m … > labextension/schema/plugin.json``
writes it; a test fails when the two disagree.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from traitlets import Bool, Enum, Float, Int, TraitError, TraitType

from jupyter_julia_aot.server.validate import RequestError
from jupyter_julia_aot.settings import JuliaAot, config_file

SECRET = frozenset({"api_key"})
"""Settings that are written but never sent to a browser."""


def read() -> dict[str, Any]:
    """Values in use by a fresh process, where each came from, and what the file holds."""
    current = JuliaAot()
    names = sorted(current.trait_names(config=True))
    return {
        "path": str(config_file()),
        "values": {n: None if n in SECRET else getattr(current, n) for n in names},
        "origins": {n: current.origin(n) for n in names},
        "file": {n: v for n, v in _file().items() if n not in SECRET},
    }


def write(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Set (or, with ``None``, remove) values in the file; returns :func:`read`.

    Raises :class:`RequestError` naming the field; then nothing is written.
    """
    traits = JuliaAot.class_traits(config=True)
    trial = JuliaAot()
    values = _file()
    for name, value in changes.items():
        if name not in traits:
            raise RequestError(
                f"unknown setting {name!r}", field=name, remedy=f"settings are: {', '.join(sorted(traits))}"
            )
        if value is None:
            values.pop(name, None)
            continue
        try:
            setattr(trial, name, value)
        except TraitError as error:
            raise RequestError(f"{name}: {error}", field=name, remedy=str(traits[name].help)) from error
        values[name] = getattr(trial, name)
    path = config_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    # It may hold an API key: readable by the user only.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"JuliaAot": values}, file, indent=2, sort_keys=True)
        file.write("\n")
    temporary.replace(path)
    return read()


def _file() -> dict[str, Any]:
    try:
        data = json.loads(config_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise RequestError(
            f"{config_file()} cannot be read: {error}", status=409, remedy="correct or delete the file"
        ) from error
    values = data.get("JuliaAot", data) if isinstance(data, dict) else {}
    return dict(values) if isinstance(values, dict) else {}


# ---------------------------------------------------------------- the schema

_COMMAND = "julia-aot"

# What JupyterLab shows where. Everything else in the schema comes from the traits.
_CELL = ".jp-Notebook .jp-Cell"
_MENUS = {
    "jupyter.lab.menus": {
        # A group of its own: JupyterLab's own entries for cells have the ranks up to 12 and from 20 on.
        "context": [
            {"type": "separator", "selector": _CELL, "rank": 15},
            {"command": f"{_COMMAND}:generate-cell", "selector": _CELL, "rank": 16},
            {"command": f"{_COMMAND}:compile-cell", "selector": ".jp-Notebook .jp-CodeCell", "rank": 17},
        ]
    },
    "jupyter.lab.toolbars": {
        "Notebook": [{"name": "julia-aot", "command": f"{_COMMAND}:generate-cell", "rank": 41}]
    },
}


def schema() -> dict[str, Any]:
    """The JSON schema of the settings, as JupyterLab's settings editor reads it."""
    traits = JuliaAot.class_traits(config=True)
    return {
        "title": "Julia ahead of time",
        "description": "Settings of jupyter_julia_aot: the same ones that its magics use.",
        "jupyter.lab.setting-icon": "julia-aot:julia",
        "jupyter.lab.setting-icon-label": "Julia ahead of time",
        **_MENUS,
        "type": "object",
        "properties": {name: _property(name, trait) for name, trait in traits.items()},
        "additionalProperties": False,
    }


def _title(name: str) -> str:
    """A setting's name in words: ``base_url`` becomes ``Base URL``."""
    words = [{"api": "API", "url": "URL", "mb": "(MB)"}.get(w, w) for w in name.split("_")]
    return " ".join([words[0][0].upper() + words[0][1:], *words[1:]])


def _property(name: str, trait: TraitType[Any, Any]) -> dict[str, Any]:
    kind = {Bool: "boolean", Int: "integer", Float: "number"}.get(type(trait), "string")
    entry: dict[str, Any] = {
        "title": _title(name),
        "description": str(trait.help),
        "type": [kind, "null"] if trait.allow_none else kind,
        "default": trait.default_value,
    }
    if isinstance(trait, Enum):
        entry["enum"] = list(trait.values or ())
    # Of Int and Float only; a missing limit is None, or infinite.
    least, most = getattr(trait, "min", None), getattr(trait, "max", None)
    if least not in (None, float("-inf")):
        entry["minimum"] = least
    if most not in (None, float("inf")):
        entry["maximum"] = most
    return entry


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")
