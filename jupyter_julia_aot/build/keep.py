"""``--project-out``: the package of a build as a folder to keep, with what a CI needs to build it."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from pathlib import Path

from jupyter_julia_aot.build.bindings import library
from jupyter_julia_aot.build.bindings.header import abi
from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.build.project import Project, write_project
from jupyter_julia_aot.errors import BuildError, SettingError
from jupyter_julia_aot.records import Recipe, Toolchain, Trim
from jupyter_julia_aot.toolchain.probe import installation

WORKFLOW = Path(".github") / "workflows" / "build.yml"
SMOKE_TEST = Path("test") / "smoke.py"


def keep_project(recipe: Recipe, toolchain: Toolchain, folder: Path) -> Project:
    """Write the package that ``recipe`` builds into ``folder``, which must be new or empty.

    Besides the package: a README and a workflow that builds and smoke-tests it on three systems, where
    the package has none. Raises :class:`SettingError` for a folder in use, :class:`BuildError` as
    :func:`~jupyter_julia_aot.build.project.write_project` and, of a library, ``describe`` do.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingError(f"--project-out: {folder} is in use", remedy="give a new or an empty directory")
    if recipe.kind in ("object", "bitcode"):
        remedy = "keep it as a library (--kind lib)"
        raise SettingError("--project-out: JuliaC's command line makes no archives", remedy=remedy)
    fresh = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        project, symbols = _write(recipe, toolchain, folder)
        if project.script is not None:
            project.script.unlink()  # the same once more, for a compiler that takes one file
        for path, text in _texts(recipe, project, symbols).items():
            file = folder / path
            if not file.exists():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
    except BuildError:
        if fresh:
            shutil.rmtree(folder)
        raise
    except OSError as error:
        raise BuildError(
            f"--project-out: {error.filename or folder} cannot be written: {error.strerror or error}",
            stage="project",
            remedy="choose another directory",
        ) from error
    return project


def _write(recipe: Recipe, toolchain: Toolchain, folder: Path) -> tuple[Project, tuple[str, ...]]:
    """The package, and the C functions that it exports as a library."""
    place = installation(toolchain)
    project = write_project(recipe, place, folder)
    if recipe.kind != "lib":
        return project, ()
    with tempfile.TemporaryDirectory(prefix="julia-aot-keep-") as work:
        job = Job(
            # What exports them differs; `auto` becomes what the package's own build command says.
            recipe=dataclasses.replace(recipe, trim=_trim(recipe)),
            toolchain=toolchain,
            place=place,
            project=project,
            work=Path(work),
            product=Path(work),
        )
        _, chosen = library.describe(job)
        library.write_sources(job, chosen)
    return project, tuple(entry.symbol for entry in abi(chosen))


def _trim(recipe: Recipe) -> Trim:
    return "safe" if recipe.trim == "auto" else recipe.trim


def _texts(recipe: Recipe, project: Project, symbols: tuple[str, ...]) -> dict[Path, str]:
    name = recipe.name
    arguments = " --help" if project.generated_entry else ""
    output, run = {
        "exe": (f"--output-exe {name} --bundle build", f"./build/bin/{name}{arguments}"),
        "lib": (f"--output-lib {name} --bundle build --privatize", f"python {SMOKE_TEST.as_posix()}"),
        "sysimage": (f"--output-sysimage build/{name}", f"julia --sysimage=build/{name}.* -e 0"),
    }[recipe.kind]
    trim = "" if _trim(recipe) == "no" else f" --trim={_trim(recipe)} --experimental"
    exported = " --compile-ccallable" if recipe.ccallables else ""
    command = f"julia --project=@juliac -m JuliaC {output}{trim}{exported} ."
    texts = {
        Path("README.md"): _readme(name, project.module, command, run),
        WORKFLOW: _workflow(name, command, run),
        Path(".gitignore"): "build/\nManifest*.toml\n",
    }
    if recipe.kind == "lib":
        texts[SMOKE_TEST] = _smoke_test(name, symbols)
    return texts


def _smoke_test(name: str, symbols: tuple[str, ...]) -> str:
    return f"""# Load the library that was built, and look for the functions that it shall export.
import ctypes
import glob
import os

(path,) = glob.glob("build/lib/{name}.*") + glob.glob("build/bin/{name}.dll")
library = ctypes.CDLL(os.path.abspath(path))
for symbol in {list(symbols)!r}:
    getattr(library, symbol)
    print("exports", symbol)
"""


def _readme(name: str, module: str, command: str, run: str) -> str:
    return f"""# {name}

A Julia package (module `{module}`), made to be compiled ahead of time. With Julia 1.12 or newer:

    julia --project=@juliac -e 'using Pkg; Pkg.add("JuliaC")'
    {command}

and try it:

    {run}

`{WORKFLOW}` does the same on Linux, macOS and Windows.
"""


def _workflow(name: str, command: str, run: str) -> str:
    return f"""name: build
on: [push, pull_request]
jobs:
  build:
    strategy:
      fail-fast: false
      matrix:
        os: [ubuntu-latest, macos-latest, windows-latest]
    runs-on: ${{{{ matrix.os }}}}
    defaults:
      run:
        shell: bash
    steps:
      - uses: actions/checkout@v4
      - uses: julia-actions/setup-julia@v2
        with:
          version: "1.12"
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - name: install the compiler
        run: julia --project=@juliac -e 'using Pkg; Pkg.add("JuliaC")'
      - name: build
        run: {command}
      - name: smoke test
        run: {run}
      - uses: actions/upload-artifact@v4
        with:
          name: {name}-${{{{ runner.os }}}}
          path: build
"""
