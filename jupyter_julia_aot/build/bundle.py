"""The shared libraries a program needs: which there are, how large, and copies of them beside it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.errors import BuildError
from jupyter_julia_aot.records import Library
from jupyter_julia_aot.toolchain.capabilities import version_tuple
from jupyter_julia_aot.toolchain.probe import Installation
from jupyter_julia_aot.toolchain.process import run

# Part of every Linux: a program must take these from the machine it runs on.
SYSTEM = re.compile(r"^(ld-linux.*|libc|libm|libdl|libpthread|librt|libutil|libresolv|libnsl)\.so(\..*)?$")
# Julia's own tests use these. libcurl came with 1.6 and drags Kerberos and LDAP in where Debian's is meant.
_NEVER_LOADED = ("libccalltest", "libllvmcalltest")
_SINCE_1_6 = ("libcurl.so",)
_LINE = re.compile(r"^\s*(\S+) => (\S+) \(0x")
_LDD_SECONDS = 30.0


def library_folders(place: Installation) -> list[str]:
    """Where an installation's shared libraries lie."""
    own = Path(place.libjulia).parent
    paths = dict(place.environment).get("LD_LIBRARY_PATH", "").split(":")
    folders = [str(own), str(own / "julia"), *paths]
    return list(dict.fromkeys(f for f in folders if f and Path(f).is_dir()))


def needed_libraries(file: Path, environment: dict[str, str] | None = None) -> dict[str, Path]:
    """The shared libraries that the loader takes for ``file``, by name; without the system's own."""
    return _needed_by([file], environment)


def _needed_by(files: list[Path], environment: dict[str, str] | None = None) -> dict[str, Path]:
    ran = run(["ldd", *map(str, files)], environment=environment, timeout=_LDD_SECONDS)
    found = {m[1]: Path(m[2]) for m in map(_LINE.match, ran.stdout.splitlines()) if m}
    return {name: path for name, path in found.items() if not SYSTEM.match(Path(name).name)}


def copy_libraries(job: Job) -> None:
    """Copy Julia and every library it loads to ``lib/`` beside the program.

    Raises :class:`BuildError` (stage ``bundle``) when one cannot be found.
    """
    folder = job.product / "lib"
    environment = job.environment(dict(job.place.environment))
    start = [job.target, *folder.glob("*.so"), Path(job.place.libjulia).resolve()]
    # Julia opens these by name when it starts, so no file names them as needed.
    private = Path(job.place.libjulia).parent / "julia"
    unused: tuple[str, ...] = (Path(job.place.image).name, *_NEVER_LOADED)
    if version_tuple(job.place.version) < (1, 6, 0):
        unused += _SINCE_1_6
    opened = [p for p in sorted(private.glob("*.so*")) if p.exists() and not p.name.startswith(unused)]
    libraries: dict[str, Path] = {p.name: p for p in opened}
    for file in [*start, *opened]:
        libraries.update(needed_libraries(file.resolve(), environment))
    seen: dict[Path, str] = {}
    for name, path in sorted(libraries.items()):
        real = path.resolve()
        if (folder / name).exists() or real in (p.resolve() for p in folder.glob("*.so")):
            continue
        with _copying(name):
            if real in seen:
                (folder / name).symlink_to(seen[real])
            else:
                shutil.copyfile(real, folder / name)
                seen[real] = name


def complete_bundle(job: Job) -> None:
    """Add what the bundle's files still take from this machine, other than the C library.

    A Julia built against a distribution's libraries (Debian's libunwind needs liblzma) is not carried
    whole by JuliaC. The program is linked with an RPATH, which holds for these, too. Raises
    :class:`BuildError` (stage ``bundle``) when one cannot be copied.
    """
    product = job.product.resolve()
    folder = next((p for p in (job.product / "lib" / "julia", job.product / "lib") if p.is_dir()), None)
    if folder is None:
        return
    there = {p.name for p in product.rglob("*.so*")}
    files = [
        p
        for p in product.rglob("*")
        if p.is_file()
        and not p.is_symlink()
        and (p.name.endswith(".so") or ".so." in p.name or p.parent.name == "bin")
    ]
    # All at once: a call of `ldd` for each takes longer than linking did.
    for name, path in _needed_by(files).items():
        if name in there or not path.is_file() or path.resolve().is_relative_to(product):
            continue
        with _copying(name):
            shutil.copyfile(path.resolve(), folder / name)


@contextmanager
def _copying(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BuildError(
            f"{name} cannot be copied into the bundle: {error.strerror or error}",
            stage="bundle",
            remedy="free some space, or build without --bundle",
        ) from error


def list_libraries(target: Path, product: Path) -> tuple[Library, ...]:
    """What the artifact needs: files beside it (``bundled``) and those of the machine."""
    beside = {p.name: p for p in product.rglob("*.so*") if p.is_file() and not p.is_symlink() and p != target}
    inside = [Library(name=n, bytes=p.stat().st_size, bundled=True) for n, p in sorted(beside.items())]
    outside = [
        Library(name=name, bytes=path.stat().st_size, bundled=False)
        for name, path in sorted(needed_libraries(target).items())
        if path.is_file() and not path.resolve().is_relative_to(product.resolve())
    ]
    return (*inside, *outside)
