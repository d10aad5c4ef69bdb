"""The ways to compile, one module each, and which one a build takes.

A backend is a module-level object with a ``name``, ``why_not(recipe, toolchain, place)`` — the
reason it cannot do a build, or the empty string — and ``make(job)``, which leaves its files in
``job.product`` and says what they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from jupyter_julia_aot.build.backends.juliac import JULIAC
from jupyter_julia_aot.build.backends.juliac_script import JULIAC_SCRIPT
from jupyter_julia_aot.build.backends.package_image import PACKAGE_IMAGE
from jupyter_julia_aot.build.backends.packagecompiler import PACKAGECOMPILER
from jupyter_julia_aot.build.backends.sysimage import SYSIMAGE
from jupyter_julia_aot.errors import CapabilityError
from jupyter_julia_aot.records import Recipe, Toolchain
from jupyter_julia_aot.toolchain.probe import Installation

if TYPE_CHECKING:
    from jupyter_julia_aot.build.job import Job
    from jupyter_julia_aot.build.stages import Made


class Backend(Protocol):
    """One way to compile."""

    name: str

    def why_not(self, recipe: Recipe, toolchain: Toolchain, place: Installation) -> str:
        """Why it cannot do this build; empty when it can."""
        ...

    def make(self, job: Job) -> Made:
        """Compile, link and bundle, telling ``job.stage`` what begins."""
        ...


TRIMMING = frozenset({"juliac", "juliac.jl"})
"""Those that can leave out what the program does not reach."""

BACKENDS: tuple[Backend, ...] = (JULIAC, JULIAC_SCRIPT, PACKAGECOMPILER, SYSIMAGE, PACKAGE_IMAGE)


def choose(recipe: Recipe, toolchain: Toolchain, place: Installation) -> tuple[Backend, str]:
    """The backend for a recipe, best first, and why it was taken.

    Raises :class:`CapabilityError` with each one's reason when none can.
    """
    reasons: list[str] = []
    for backend in BACKENDS:
        if recipe.backend not in (None, backend.name):
            continue
        why = backend.why_not(recipe, toolchain, place)
        if not why:
            passed = f" ({'; '.join(reasons)})" if reasons else ""
            asked = "asked for" if recipe.backend else f"the best way Julia {toolchain.version} has{passed}"
            return backend, f"{backend.name}: {asked}"
        reasons.append(f"{backend.name}: {why}")
    raise CapabilityError(
        f"Julia {toolchain.version} cannot build this: {'; '.join(reasons)}",
        remedy="change what the reasons name, or choose another Julia with --julia",
    )
