"""Compiled system images, kept by content: a program and a library of the same code share one.

Compiling one takes minutes, linking it seconds. Builds hold hard links to them, so that an image costs
its space once, and is unused when nobody else links to it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.settings import cache_dir
from jupyter_julia_aot.toolchain.capabilities import c_compiler
from jupyter_julia_aot.toolchain.locks import file_lock


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


def cached_image(job: Job, key: str, make: Callable[[Path], None]) -> Path:
    """The image of ``key``; ``make`` is given the path to write when there is none yet."""
    image = images_folder() / key / "image.so"
    with file_lock(images_folder() / ".locks" / key, job.cancel):
        if not image.is_file():
            image.parent.mkdir(parents=True, exist_ok=True)
            fresh = image.with_name(f".new-{os.getpid()}-{threading.get_ident()}.so")
            try:
                make(fresh)
                fresh.replace(image)
            finally:
                fresh.unlink(missing_ok=True)
        else:
            job.log.append(f"the system image was compiled before: {image}")
        os.utime(image)
    return image


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


def prune_images() -> int:
    """Delete images that no build uses; the freed bytes."""
    freed = 0
    for image in images_folder().glob("*/image.so"):
        status = image.stat()
        if status.st_nlink == 1:
            shutil.rmtree(image.parent, ignore_errors=True)
            freed += status.st_size
    return freed
