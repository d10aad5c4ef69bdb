"""Make an artifact smaller without changing what it does.

Symbol tables that nothing reads at run time go. In a bundle whose program calls no BLAS, OpenBLAS
(35 MB) is replaced by a stand-in of 14 kB that answers what libblastrampoline asks every BLAS when
Julia starts; deleting it would break the start. A BLAS call by a way that could not be seen then
ends the program with a sentence that says so, never with a wrong number.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.build.project import JULIA_FILES
from jupyter_julia_aot.errors import BuildError
from jupyter_julia_aot.toolchain.capabilities import c_compiler
from jupyter_julia_aot.toolchain.process import run

_ELF = b"\x7fELF"
# How compiled Julia names a BLAS or LAPACK function that it calls, such as dgemm_64_ or cblas_ddot64_.
_BLAS_CALL = re.compile(rb"\0(?:cblas_[a-z0-9_]{3,16}|[a-z][a-z0-9]{2,11}_)64_\0")
_BLAS = "libopenblas"
# What only OpenBLAS (and GMP's C++ half, which Julia never uses) brings into a bundle.
_FOLLOWERS = ("libgfortran.", "libquadmath.", "libgomp.", "libgmpxx.")
# Julia opens these by name when it starts, though it calls nothing in them: something must be there.
_OPENED = ("libgfortran.", "libquadmath.", "libgomp.")
_READ_SECONDS = 30.0


def slim(job: Job, target: Path) -> None:
    """Make the job's product smaller. Raises :class:`BuildError` (stage ``slim``) without binutils."""
    program = shutil.which("strip")
    if program is None or shutil.which("readelf") is None:
        raise BuildError(
            "`strip` and `readelf` were not found, so nothing can be made smaller",
            stage="slim",
            remedy="on Debian: apt-get install binutils; or build without --slim",
        )
    if job.recipe.bundle and job.recipe.trim != "no" and not calls_blas(target):
        _replace_blas(job)
        _drop_followers(job)
    files = [str(p) for p in elf_files(job.product)]
    job.run([program, "--strip-unneeded", *files], stage="slim", what="stripping symbols")


def calls_blas(program: Path) -> bool:
    """Whether a trimmed program names any BLAS or LAPACK function."""
    return _BLAS_CALL.search(program.read_bytes()) is not None


def elf_files(folder: Path) -> list[Path]:
    """Programs and shared libraries below ``folder``, without links to them."""
    found = []
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink():
            with file.open("rb") as opened:
                if opened.read(4) == _ELF:
                    found.append(file)
    return found


def _replace_blas(job: Job) -> None:
    for library in elf_files(job.product):
        if not library.name.startswith(_BLAS):
            continue
        fresh = job.work / library.name
        command = [*c_compiler(), "-O2", "-shared", "-fPIC", "-o", str(fresh)]
        command += [str(JULIA_FILES / "no_blas.c"), f"-Wl,-soname,{library.name}", "-ldl"]
        job.run(command, stage="slim", what="compiling the stand-in for OpenBLAS")
        shutil.move(fresh, library)


def _drop_followers(job: Job) -> None:
    """Delete libraries that nothing in the product needs any more, or empty those that are opened."""
    files = elf_files(job.product)
    doomed: list[Path] = []
    while True:  # they need each other
        needed = {name for file in files if file not in doomed for name in _needed(file)}
        unused = [
            f
            for f in files
            if f not in doomed and f.name.startswith(_FOLLOWERS) and not needed & {f.name, *_links_to(f)}
        ]
        if not unused:
            break
        doomed += unused
    for file in doomed:
        if file.name.startswith(_OPENED):
            _empty(job, file)
            continue
        for link in _links_to(file):
            (file.parent / link).unlink()
        file.unlink()


def _empty(job: Job, library: Path) -> None:
    """Replace a library by one of the same name with nothing in it."""
    fresh = job.work / library.name
    source = job.work / "empty.c"
    source.write_text("typedef int nothing;\n", encoding="utf-8")
    command = [*c_compiler(), "-shared", "-o", str(fresh), str(source), f"-Wl,-soname,{library.name}"]
    job.run(command, stage="slim", what="compiling an empty stand-in")
    shutil.move(fresh, library)


def _links_to(file: Path) -> list[str]:
    return [p.name for p in file.parent.iterdir() if p.is_symlink() and p.resolve() == file.resolve()]


def _needed(file: Path) -> list[str]:
    ran = run(["readelf", "-d", str(file)], timeout=_READ_SECONDS)
    return re.findall(r"\(NEEDED\).*\[(.+)\]", ran.stdout)
