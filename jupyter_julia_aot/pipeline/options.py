"""What a run may be told; everything left unsaid comes from the settings."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from jupyter_julia_aot.errors import SettingError
from jupyter_julia_aot.records import Limits, Sampling
from jupyter_julia_aot.settings import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to generate and try. Fields that are settings too are named like them.

    ``first`` stops asking the model as soon as one candidate has passed. ``seed`` makes the
    model's sampling repeatable where the server allows it.
    """

    samples: int
    repair: int
    temperature: float | None
    max_tokens: int | None
    model: str
    base_url: str
    api_key: str
    julia: str
    sandbox: Literal["auto", "sandlock", "bubblewrap", "none"]
    trial_seconds: float
    trial_memory_mb: int
    workers: int
    idioms: bool
    trust: bool
    seed: int | None = None
    first: bool = False

    @classmethod
    def of(cls, **given: Any) -> Options:
        """The settings, overridden by whatever in ``given`` is not ``None``.

        Raises :class:`SettingError` for a name that is no option or a value out of range.
        """
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(given) - known)
        if unknown:
            raise SettingError(
                f"unknown option {unknown[0]!r}", remedy=f"options are: {', '.join(sorted(known))}"
            )
        shared = known - {"seed", "first"}
        values = {name: check_setting(name, given.get(name)) for name in shared}
        return cls(**values, seed=given.get("seed"), first=bool(given.get("first")))

    @property
    def limits(self) -> Limits:
        """What one trial may use."""
        return Limits(seconds=self.trial_seconds, memory_bytes=self.trial_memory_mb << 20)

    def sampling(self, model: str) -> Sampling:
        """How ``model`` is sampled: as its family likes it, but for what was said here."""
        from jupyter_julia_aot.model import default_sampling

        said = {
            name: value
            for name in ("temperature", "max_tokens")
            if (value := getattr(self, name)) is not None
        }
        return replace(default_sampling(model), n=self.samples, seed=self.seed, **said)


def check_setting(name: str, value: Any) -> Any:
    """``value`` if the setting ``name`` may have it, the setting's own value for ``None``.

    Raises :class:`SettingError` naming the setting and its meaning.
    """
    from traitlets import TraitError

    current = settings()
    if value is None:
        return getattr(current, name)
    trait = current.traits()[name]
    try:
        return trait._validate(current, value)
    except TraitError as error:
        raise SettingError(f"{name} = {value!r}: {_reason(error)}", remedy=str(trait.help)) from error


def _reason(error: Exception) -> str:
    text = str(error)
    return text.split("' trait of a JuliaAot instance ", 1)[-1] or text
