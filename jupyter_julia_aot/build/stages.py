"""What a build makes on its way, each value holding the one before: recipe → image → linked → bundle.

An image is kept by its content. So what comes after it can be done again, in another way, without compiling:
the same program as a bundle, slim, with other linker flags, or as a library beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.errors import BuildError
from jupyter_julia_aot.records import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """Compiled code. ``file`` is an archive of object files, of the sysimage way a shared library."""

    recipe: Recipe
    file: Path
    reused: bool = False
    """It was compiled for an earlier build."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A program, shared library or system image. ``image`` is ``None`` where the compiler kept none."""

    recipe: Recipe
    image: Image | None
    file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A directory with the linked file in it and the libraries that it needs."""

    linked: Linked
    folder: Path

    @property
    def recipe(self) -> Recipe:
        """What it was made from."""
        return self.linked.recipe

    @property
    def image(self) -> Image | None:
        """The compiled code in it."""
        return self.linked.image

    @property
    def file(self) -> Path:
        """The program or library."""
        return self.linked.file


Made = Image | Linked | Bundle


def linked_or_bundle(job: Job, image: Image | None) -> Linked | Bundle:
    """What lies in the job's product: bundles have the file in ``bin`` or ``lib``.

    Raises :class:`BuildError` when it is not there.
    """
    name, recipe = job.target.name, job.recipe
    places = (job.product, job.product / "bin", job.product / "lib")
    file = next((p / name for p in places if (p / name).is_file()), None)
    if file is None:
        log = "\n".join(job.log)
        remedy = "the build's log tells more"
        raise BuildError(f"the compiler made no {name}", stage="link", log=log, remedy=remedy)
    linked = Linked(recipe=recipe, image=image, file=file)
    return (
        Bundle(linked=linked, folder=job.product) if recipe.bundle and recipe.kind != "sysimage" else linked
    )
