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
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from jupyter_julia_aot.build.bundle import needed_libraries
from jupyter_julia_aot.errors import BuildError
from jupyter_julia_aot.records import Artifact
from jupyter_julia_aot.toolchain.capabilities import c_compiler
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
    with tempfile.TemporaryDirectory(prefix="julia-aot-wheel-") as work:
        return _assemble(artifact, dict(_files(binding, product, Path(work))), folder, name, version)


def _assemble(artifact: Artifact, files: dict[str, Path], folder: Path, name: str, version: str) -> Path:
    binding = Path(str(artifact.binding))
    package = binding.name
    distribution = re.sub(r"[^\w]+", "_", name or package, flags=re.ASCII).strip("_").lower()
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


def _files(binding: Path, product: Path, work: Path) -> Iterator[tuple[str, Path]]:
    """Names in the wheel and the files: the package, and in it what else the product holds.

    A wheel holds no links, and one library under two names would be loaded twice. So each library goes
    in under its ``SONAME``, and its other names become empty libraries that need it.
    """
    package = binding.name
    for file in sorted(binding.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            yield f"{package}/{file.relative_to(binding)}", file
    names: dict[Path, list[Path]] = {}
    for file in sorted(product.rglob("*")):
        if file.relative_to(product).parts[0] != binding.parent.name and file.is_file():
            names.setdefault(file.resolve(), []).append(file)
    for real, files in names.items():
        kept = next((f for f in files if f.name == _soname(real)), real) if len(files) > 1 else real
        yield f"{package}/{kept.relative_to(product)}", real
        for file in files:
            if file != kept:
                alias = f"{package}/{file.relative_to(product)}"
                yield alias, _stand_in(file, real, kept, work / alias)


def _soname(library: Path) -> str:
    ran = run(["readelf", "-d", str(library)], timeout=_READ_SECONDS)
    found = re.search(r"\(SONAME\).*\[(.+)\]", ran.stdout)
    return found[1] if found else ""


def _stand_in(name: Path, real: Path, kept: Path, target: Path) -> Path:
    """An empty library called ``name`` that needs the one called ``kept``, which lies beside it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    where = os.path.relpath(kept.parent, name.parent)
    command = [*c_compiler(), "-shared", "-nostdlib", "-o", str(target), f"-Wl,-soname,{name.name}"]
    command += ["-Wl,--no-as-needed", f"-L{kept.parent}", f"-l:{kept.name}", f"-Wl,-rpath,$ORIGIN/{where}"]
    # What the real one needs in its turn is found when it is loaded.
    command += ["-Wl,--allow-shlib-undefined", "-Wl,--disable-new-dtags", "-Wl,-s"]
    ran = run(command, timeout=_READ_SECONDS)
    if ran.code != 0:
        raise BuildError(
            f"{name.name} cannot be put into a wheel: {ran.stderr.strip()[-300:]}",
            stage="wheel",
            log=ran.stderr,
        )
    return target


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
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as wheel:
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
