"""A wheel of a library: the shared library with its bundle, the binding, its types, and a test.

Made by hand after the format's specification (https://packaging.python.org/specifications/
binary-distribution-format/): a wheel is a ZIP with a ``RECORD``. Its tag says ``cp311-abi3``, because the
binding uses Python's stable ABI of 3.11, and the platform that its files really need.
"""

from __future__ import annotations

import base64
import hashlib
import os
import platform
import re
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from jupyter_julia_aot.build.bundle import needed_libraries
from jupyter_julia_aot.errors import BuildError
from jupyter_julia_aot.records import Artifact
from jupyter_julia_aot.toolchain.process import run

_PYTHON_TAG = "cp311-abi3"
_VERSION = re.compile(r"[0-9]+(\.[0-9]+)*((a|b|rc|\.post|\.dev)[0-9]+)?")
_GLIBC = re.compile(r"\bGLIBC_(\d+)\.(\d+)")
_READ_SECONDS = 30.0
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)  # the same files give the same wheel


def build_wheel(artifact: Artifact, folder: Path, *, name: str = "", version: str = "0.1.0") -> Path:
    """Write the wheel of a library built with ``--bundle`` into ``folder``; its path.

    ``name`` is the distribution's (default: the artifact's). Raises :class:`BuildError` (stage
    ``wheel``) for an artifact that is no bundled library with a binding, and for a bad version.
    """
    if artifact.kind != "lib" or artifact.binding is None:
        raise _refuse(
            f"{artifact.name} has no Python binding",
            "build a library (--lib) of a function with concrete argument types",
        )
    if artifact.needs_julia:
        raise _refuse(
            f"{artifact.name} loads libraries of the Julia it was built with, which a wheel cannot bring",
            "build it with --bundle",
        )
    if not _VERSION.fullmatch(version):
        raise _refuse(f"{version!r} is no version", "such as 1.0.2")
    binding = Path(artifact.binding)
    product = binding.parents[1]
    package = binding.name
    distribution = re.sub(r"[^\w]+", "_", name or package, flags=re.ASCII).strip("_").lower()
    files = dict(_files(binding, product))
    tag = f"{_PYTHON_TAG}-{platform_tag(list(files.values()))}"
    info = f"{distribution}-{version}.dist-info"
    needs_numpy = "import numpy" in (binding / "__init__.py").read_text(encoding="utf-8")
    texts = {
        f"{info}/METADATA": _metadata(artifact, distribution, version, numpy=needs_numpy),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: jupyter_julia_aot\nRoot-Is-Purelib: false\n"
        f"Tag: {tag}\n",
    }
    # In a wheel the library lies inside the package.
    source = (binding / "__init__.py").read_text(encoding="utf-8")
    texts[f"{package}/__init__.py"] = source.replace("'../../", "'")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{distribution}-{version}-{tag}.whl"
    fresh = target.with_name(f".new-{os.getpid()}-{target.name}")
    try:
        _write(fresh, {k: v for k, v in files.items() if k not in texts}, texts, f"{info}/RECORD")
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return target


def _refuse(message: str, remedy: str) -> BuildError:
    return BuildError(message, stage="wheel", remedy=remedy)


def _files(binding: Path, product: Path) -> Iterator[tuple[str, Path]]:
    """Names in the wheel and the files: the package, and in it what else the product holds.

    A wheel holds no links, and one library under two names would be loaded twice. So a library goes in
    under the names by which others ask for it.
    """
    package = binding.name
    for file in sorted(binding.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield f"{package}/{file.relative_to(binding)}", file
    beside = [
        f
        for f in sorted(product.rglob("*"))
        if f.relative_to(product).parts[0] != binding.parent.name and f.is_file()
    ]
    programs = [f for f in beside if not f.is_symlink() and elf_files_of(f)]
    contents = {f: f.read_bytes() for f in programs}
    for file in beside:
        real = file.resolve()
        names = sorted(f.name for f in beside if f.resolve() == real)
        others = [data for program, data in contents.items() if program.resolve() != real]
        asked = [n for n in names if any(_mentions(data, n) for data in others)] or [real.name]
        if len(names) == 1 or file.name in asked:
            yield f"{package}/{file.relative_to(product)}", file


def _mentions(data: bytes, name: str) -> bool:
    """Whether a library's name stands in the bytes by itself, not as a part of a longer one."""
    return re.search(rb"(?<![\w.+-])" + re.escape(name.encode()) + rb"(?![\w.+-])", data) is not None


def platform_tag(files: list[Path]) -> str:
    """The platform the files need: ``manylinux_2_34_x86_64`` where only glibc is taken from the machine
    (PEP 600: the newest glibc symbol version that any of them asks for), else ``linux_x86_64``."""
    machine = platform.machine()
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return re.sub(r"[-.]", "_", sysconfig.get_platform())
    programs = [f for f in files if not f.is_symlink() and elf_files_of(f)]
    inside = {f.name for f in files}
    newest = (2, 17)
    for program in programs:
        outside = [p for n, p in needed_libraries(program).items() if n not in inside]
        if any(path.exists() for path in outside):
            return f"linux_{machine}"
        ran = run(["readelf", "--version-info", "--wide", str(program)], timeout=_READ_SECONDS)
        if ran.code != 0:
            return f"linux_{machine}"
        newest = max([newest, *((int(a), int(b)) for a, b in _GLIBC.findall(ran.stdout))])
    return f"manylinux_{newest[0]}_{newest[1]}_{machine}"


def elf_files_of(file: Path) -> bool:
    """Whether it is a program or shared library of this kind of system."""
    with file.open("rb") as opened:
        return opened.read(4) == b"\x7fELF"


def _metadata(artifact: Artifact, distribution: str, version: str, *, numpy: bool) -> str:
    functions = "\n".join(f"    {entry.julia}" for entry in artifact.abi)
    return "\n".join(
        [
            "Metadata-Version: 2.1",
            f"Name: {distribution}",
            f"Version: {version}",
            f"Summary: {artifact.name}: Julia functions, compiled ahead of time",
            "Requires-Python: >=3.11",
            *(["Requires-Dist: numpy>=1.26"] if numpy else []),
            "Description-Content-Type: text/plain",
            "",
            f"{artifact.name}: compiled ahead of time with Julia {artifact.julia} ({artifact.backend}).",
            "No Julia is needed where it runs.",
            "",
            functions,
            "",
        ]
    )


def _write(target: Path, files: dict[str, Path], texts: dict[str, str], record: str) -> None:
    rows: list[str] = []
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as wheel:
        for name, data, mode in _contents(files, texts):
            # Symbolic links cannot be in a wheel: pip writes what they point at.
            entry = zipfile.ZipInfo(str(PurePosixPath(name)), _FIXED_TIME)
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            wheel.writestr(entry, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows.append(f"{name},sha256={digest},{len(data)}")
        rows.append(f"{record},,")
        wheel.writestr(zipfile.ZipInfo(record, _FIXED_TIME), "\n".join([*rows, ""]))


def _contents(files: dict[str, Path], texts: dict[str, str]) -> Iterator[tuple[str, bytes, int]]:
    for name, file in sorted(files.items()):
        yield name, file.read_bytes(), 0o100755 if os.access(file, os.X_OK) else 0o100644
    for name, text in sorted(texts.items()):
        yield name, text.encode(), 0o100644
