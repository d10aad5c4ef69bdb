"""One configurable with every setting; each value knows where it came from.

Precedence: set in this session (``%config JuliaAot.samples = 16`` or a magic's option), then the
environment variable ``JULIA_AOT_<NAME>``, then ``jupyter_julia_aot.json`` in the Jupyter
configuration directory, then the default.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from traitlets import Bool, Enum, Float, Int, TraitError, Unicode
from traitlets.config import SingletonConfigurable

from jupyter_julia_aot.errors import SettingError

FILE_NAME = "jupyter_julia_aot.json"


def config_file() -> Path:
    """The settings file in the user's Jupyter configuration directory (it may not exist)."""
    from jupyter_core.paths import jupyter_config_dir

    return Path(jupyter_config_dir()) / FILE_NAME


def data_dir() -> Path:
    """Where the history and accepted artifacts live."""
    from jupyter_core.paths import jupyter_data_dir

    chosen = os.environ.get("JULIA_AOT_DATA_DIR")
    return Path(chosen) if chosen else Path(jupyter_data_dir()) / "julia_aot"


def cache_dir() -> Path:
    """Where downloads, toolchains, models, builds and worker images live; safe to delete."""
    chosen = os.environ.get("JULIA_AOT_CACHE_DIR")
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(chosen) if chosen else Path(base) / "jupyter-julia-aot"


class JuliaAot(SingletonConfigurable):
    """Settings of jupyter_julia_aot."""

    julia = Unicode(help="Path of the Julia to use; empty: the best one found.").tag(config=True)
    base_url = Unicode(
        help="Base URL of the OpenAI-compatible server, such as http://127.0.0.1:8080/v1; "
        "empty: discover one, else start the embedded one."
    ).tag(config=True)
    model = Unicode(help="Model name to ask the server for; empty: the server's first.").tag(config=True)
    api_key = Unicode(help="API key, for servers that want one.").tag(config=True)
    samples = Int(8, min=1, max=512, help="Candidates per generation.").tag(config=True)
    repair = Int(2, min=0, max=16, help="Repair rounds after the first candidates.").tag(config=True)
    temperature = Float(
        None, allow_none=True, min=0.0, max=2.0, help="Sampling temperature; unset: the model family's."
    ).tag(config=True)
    max_tokens = Int(
        None, allow_none=True, min=16, help="Most tokens in one answer; unset: what suits the model family."
    ).tag(config=True)
    model_seconds = Float(600.0, min=1.0, help="Longest wait for one answer, seconds.").tag(config=True)
    sandbox = Enum(
        ["auto", "sandlock", "bubblewrap", "none"],
        "auto",
        help="How candidates are confined; 'none' runs them with your own rights.",
    ).tag(config=True)
    trial_seconds = Float(15.0, min=0.1, help="Time limit of one trial, seconds.").tag(config=True)
    trial_memory_mb = Int(1024, min=64, help="Memory limit of one trial, MiB.").tag(config=True)
    workers = Int(0, min=0, max=1024, help="Trial workers; 0: one per core.").tag(config=True)
    worker_image = Enum(
        ["auto", "existing", "off"],
        "auto",
        help="Start workers from a system image with the worker in it. 'auto' makes it in the background "
        "when there is none, 'existing' only uses the one that `setup` made, 'off' uses none.",
    ).tag(config=True)
    idioms = Bool(True, help="Try rewrites of Python idioms in failed candidates.").tag(config=True)
    trust = Bool(False, help="Accept candidates that no oracle has proven.").tag(config=True)
    idle_seconds = Float(
        300.0, min=1.0, help="Idle workers and the embedded server stop after so many seconds."
    ).tag(config=True)
    watts = Float(85.0, min=0.0, help="Power drawn while generating, watts.").tag(config=True)
    tariff = Float(0.30, min=0.0, help="Price of electricity per kWh.").tag(config=True)
    currency = Unicode("USD", help="Currency of the tariff.").tag(config=True)
    baseline_model = Unicode(
        "claude-sonnet-4-5", help="Hosted model whose price the ledger compares with."
    ).tag(config=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._origins: dict[str, str] = {}
        self._load(_file_values(), str(config_file()))
        self._load(_environment_values(), "environment")
        self.observe(self._note_session)

    def origin(self, name: str) -> str:
        """Where the value of ``name`` came from: ``default``, a file, a variable, ``session``."""
        return self._origins.get(name, "default")

    def _load(self, values: Mapping[str, Any], where: str) -> None:
        for name, value in values.items():
            origin = f"JULIA_AOT_{name.upper()}" if where == "environment" else where
            trait = self.traits(config=True).get(name)
            if trait is None:
                known = ", ".join(sorted(self.traits(config=True)))
                raise SettingError(f"{origin}: unknown setting {name!r}", remedy=f"settings are: {known}")
            try:
                setattr(self, name, trait.from_string(value) if where == "environment" else value)
            except (TraitError, ValueError) as error:
                raise SettingError(f"{origin}: {error}", remedy=str(trait.help)) from error
            self._origins[name] = origin

    def _note_session(self, change: Any) -> None:
        self._origins[change["name"]] = "session"


def _file_values() -> dict[str, Any]:
    path = config_file()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        return {}
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingError(f"{path} is not JSON: {error}", remedy="correct or delete the file") from error
    values = data.get("JuliaAot", data) if isinstance(data, dict) else None
    if not isinstance(values, dict):
        raise SettingError(f"{path}: expected an object of settings", remedy='such as {"samples": 16}')
    return values


# Variables with this prefix that are not settings.
_OTHER_VARIABLES = frozenset({"JULIA_AOT_DATA_DIR", "JULIA_AOT_CACHE_DIR"})


def _environment_values() -> dict[str, str]:
    prefix = "JULIA_AOT_"
    names = JuliaAot.class_trait_names(config=True)
    return {
        key[len(prefix) :].lower(): value
        for key, value in os.environ.items()
        if key.startswith(prefix) and key not in _OTHER_VARIABLES and key[len(prefix) :].lower() in names
    }


def settings() -> JuliaAot:
    """The process-wide settings object."""
    return JuliaAot.instance()
