"""Compile, and when the trim verifier refuses: mend the source, or leave out the trimming."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

from jupyter_julia_aot.build.backends import TRIMMING, Backend
from jupyter_julia_aot.build.backends.package_image import PACKAGE_IMAGE
from jupyter_julia_aot.build.fix import apply_fixes, source_texts, unified_diff
from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.build.stages import Made
from jupyter_julia_aot.errors import BuildError
from jupyter_julia_aot.records import Diagnostic, Fix, Recipe, Trim

# Each round takes a whole compilation; what three rewrites in a row do not mend, a fourth hardly will.
MOST_ROUNDS = 3
_REFUSED = ("Verifier error #", "Trim verify finished with")


def resolved_trim(recipe: Recipe, backend: Backend) -> Trim:
    """What ``auto`` means for this backend; anything else is what it is."""
    if recipe.trim != "auto":
        return recipe.trim
    trims = backend.name in TRIMMING and recipe.kind != "sysimage"
    return "safe" if trims else "no"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What was made in the end, by which backend, and what was rewritten on the way."""

    made: Made
    backend: Backend
    fixes: tuple[Fix, ...]
    diff: str


def compile_job(job: Job, backend: Backend, *, automatic: bool) -> Compiled:
    """Let the backend make it, mending the source where the recipe wants that.

    With ``automatic`` a program that cannot be trimmed is built whole, in the quickest way there is,
    which ``job.diagnostics`` then says. Raises :class:`BuildError` with the diff of what was tried.
    """
    before = source_texts(job)
    fixes: list[Fix] = []
    rounds = 0
    while True:
        try:
            made = backend.make(job)
            diff = unified_diff(before, source_texts(job))
            return Compiled(made=made, backend=backend, fixes=tuple(fixes), diff=diff)
        except BuildError as error:
            error.diff = unified_diff(before, source_texts(job))
            if job.recipe.trim == "no" or not any(mark in error.log for mark in _REFUSED):
                raise
            _clear(job.work)
            _clear(job.product)
            if job.recipe.fix and rounds < MOST_ROUNDS:
                rounds += 1
                job.stage("fix")
                found = apply_fixes(job, error.diagnostics)
                if found:
                    fixes += found
                    continue
                error.remedy = f"nothing more can be rewritten by rule; {error.remedy}"
            if not automatic:
                raise
            job.recipe = dataclasses.replace(job.recipe, trim="no")
            quick = not job.recipe.backend and not PACKAGE_IMAGE.why_not(job.recipe, job.toolchain, job.place)
            backend = PACKAGE_IMAGE if quick else backend
            job.diagnostics += _why_whole(error, quick=quick)


def _why_whole(error: BuildError, *, quick: bool) -> list[Diagnostic]:
    causes = ", ".join(dict.fromkeys(d.cause for d in error.diagnostics if d.cause)) or "see below"
    instead = "it is a package image for the Julia that is installed" if quick else "all of Julia is in it"
    head = Diagnostic(
        severity="warning",
        message=f"this program cannot be trimmed ({causes}), so {instead}",
        remedy="--fix rewrites what a rule can; --trim safe stops here instead",
    )
    return [head, *(dataclasses.replace(d, severity="warning") for d in error.diagnostics[:10])]


def _clear(folder: Path) -> None:
    for part in folder.iterdir():
        if part.is_dir() and not part.is_symlink():
            shutil.rmtree(part)
        else:
            part.unlink()
