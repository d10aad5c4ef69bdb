"""Compiled images, kept by content, so that what is made of one needs no compiling: see ``stages``.

Compiling one takes seconds to minutes, linking it at most seconds. Builds hold hard links to them, so that an
image costs its space once, and is unused when nobody else links to it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.build.stages import Image
from jupyter_julia_aot.settings import cache_dir
from jupyter_julia_aot.toolchain.capabilities import c_compiler
from jupyter_julia_aot.toolchain.locks import file_lock, staging

_RECENT_SECONDS = 600.0


def images_folder() -> Path:
    """Where images lie."""
    return cache_dir() / "images"


def image_key(job: Job, flags: list[str]) -> str:
    """A hash of the project's files, the compiler's flags, and Julia and the C compiler."""
    folder = job.project.folder
    digest = hashlib.sha256()
    for file in sorted([*folder.glob("*.toml"), *(folder / "src").rglob("*.jl")]):
        text = file.read_bytes()
        digest.update(f"{file.relative_to(folder)} {len(text)}\n".encode() + text)
    place = job.place
    status = Path(place.image).stat()
    facts = [place.version, place.program, place.libjulia, status.st_size, status.st_mtime_ns]
    digest.update(json.dumps([facts, flags, list(c_compiler())]).encode())
    return digest.hexdigest()[:20]


def kept_image(job: Job, key: str, name: str, make: Callable[[Path, bool], None]) -> Image:
    """The image of ``key``: the file ``name`` in a directory of its own, for more of its own.

    ``make(folder, there)`` writes it into the directory, or finds it ``there`` and goes on from it (never
    when the job is to be done ``fresh``).
    """
    folder = images_folder() / key
    with file_lock(images_folder() / ".locks" / key, job.cancel):
        there = not job.fresh and (folder / name).is_file()
        if there:
            job.log.append(f"the image was compiled before: {folder}")
            make(folder, True)
        else:
            with staging(folder) as fresh:
                make(fresh, False)
        os.utime(folder / name)
    return Image(recipe=job.recipe, file=folder / name, reused=there)


def take_image(image: Path, target: Path, *, own: bool) -> None:
    """Put the image at ``target``: a link, or a copy where that cannot be or it is going to be changed."""
    if not own:
        try:
            os.link(image, target)
        except OSError:  # another file system, or one without links
            own = True
    if own:
        shutil.copyfile(image, target)
    target.chmod(0o755)


def hold_image(image: Image, folder: Path) -> None:
    """Keep the image from being pruned while the build in ``folder`` is there; where links can be made."""
    with contextlib.suppress(OSError):
        os.link(image.file, folder / image.file.name)


def prune_images() -> int:
    """Delete images that no build uses, nor is about to use; the freed bytes."""
    freed = 0
    recently = time.time() - _RECENT_SECONDS
    for image in images_folder().glob("[!.]*/image.*"):
        status = image.stat()
        if status.st_nlink == 1 and status.st_mtime < recently:
            shutil.rmtree(image.parent, ignore_errors=True)
            freed += status.st_size
    return freed
