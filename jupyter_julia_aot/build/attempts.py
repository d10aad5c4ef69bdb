"""Compile, and when the trim verifier refuses: mend the source, or leave out the trimming."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

from jupyter_julia_aot.build.backends import TRIMMING, Backend
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


def compile_job(job: Job, backend: Backend, *, automatic: bool) -> tuple[Made, tuple[Fix, ...], str]:
    """Let the backend make it; also what was rewritten on the way, and its diff.

    With ``automatic`` a program that cannot be trimmed is built whole, which ``job.diagnostics``
    then says. Raises :class:`BuildError` with the diff of what was tried.
    """
    before = source_texts(job)
    fixes: list[Fix] = []
    rounds = 0
    while True:
        try:
            made = backend.make(job)
            return made, tuple(fixes), unified_diff(before, source_texts(job))
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
            job.diagnostics += _why_whole(error)


def _why_whole(error: BuildError) -> list[Diagnostic]:
    causes = ", ".join(dict.fromkeys(d.cause for d in error.diagnostics if d.cause)) or "see below"
    head = Diagnostic(
        severity="warning",
        message=f"this program cannot be trimmed ({causes}), so all of Julia was compiled into it",
        remedy="--fix rewrites what a rule can; --trim safe stops here instead",
    )
    return [head, *(dataclasses.replace(d, severity="warning") for d in error.diagnostics[:10])]


def _clear(folder: Path) -> None:
    for part in folder.iterdir():
        if part.is_dir() and not part.is_symlink():
            shutil.rmtree(part)
        else:
            part.unlink()
