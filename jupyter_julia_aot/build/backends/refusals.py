"""Why a backend cannot do what a recipe asks for, in the words that all of them share."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_julia_aot.records import Recipe

_JULIAC_ONLY = (
    "privatize",
    "export_abi",
    "c_sources",
    "cflags",
    "extra_objects",
    "ld_flags",
    "jl_options",
    "julia_args",
    "lazy_artifacts",
)


def unknown_options(recipe: Recipe, more: Sequence[str] = ()) -> str:
    """Names the options of the recipe that only JuliaC has, and those in ``more``; empty without any."""
    asked = [name for name in (*_JULIAC_ONLY, *more) if getattr(recipe, name)]
    return f"it has no option for {', '.join(asked)}" if asked else ""


def no_trimming(recipe: Recipe) -> str:
    """For a backend that always keeps all of Julia; empty when the recipe can do with that."""
    return "" if recipe.trim in ("no", "auto") else f"it cannot trim (trim={recipe.trim})"
