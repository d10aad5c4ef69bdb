"""Make an artifact smaller without changing what it does: symbol tables that nothing reads at run time."""

from __future__ import annotations

import shutil
from pathlib import Path

from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.errors import BuildError

_ELF = b"\x7fELF"


def strip_symbols(job: Job) -> None:
    """Strip every program and library of the product (``strip --strip-unneeded``).

    Dynamic symbols stay, so loading and ``dlsym`` work as before; profilers and debuggers lose
    names. Raises :class:`BuildError` (stage ``slim``) when binutils are missing.
    """
    program = shutil.which("strip")
    if program is None:
        raise BuildError(
            "`strip` was not found, so nothing can be made smaller",
            stage="slim",
            remedy="on Debian: apt-get install binutils; or build without --slim",
        )
    files = [p for p in sorted(job.product.rglob("*")) if p.is_file() and not p.is_symlink() and _is_elf(p)]
    job.run([program, "--strip-unneeded", *map(str, files)], stage="slim", what="stripping symbols")


def _is_elf(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(4) == _ELF
