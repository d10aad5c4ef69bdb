"""``--project-out``: the package of a build as a folder to keep, with what a CI needs to build it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from jupyter_julia_aot.build.project import Project, write_project
from jupyter_julia_aot.errors import BuildError, SettingError
from jupyter_julia_aot.records import Recipe, Toolchain
from jupyter_julia_aot.toolchain.probe import installation

WORKFLOW = Path(".github") / "workflows" / "build.yml"


def keep_project(recipe: Recipe, toolchain: Toolchain, folder: Path) -> Project:
    """Write the package that ``recipe`` builds into ``folder``, which must be new or empty.

    Besides the package: a README and a workflow that builds and smoke-tests it on three systems, where
    the package has none. Raises :class:`SettingError` for a folder in use, :class:`BuildError` (stage
    ``project``) as :func:`~jupyter_julia_aot.build.project.write_project` does.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingError(f"--project-out: {folder} is in use", remedy="give a new or an empty directory")
    fresh = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        project = write_project(recipe, installation(toolchain), folder)
        if project.script is not None:
            project.script.unlink()  # the same once more, for a compiler that takes one file
        for path, text in _texts(recipe, project).items():
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


def _texts(recipe: Recipe, project: Project) -> dict[Path, str]:
    name = recipe.name
    output = {"exe": "--output-exe", "lib": "--output-lib", "sysimage": "--output-sysimage"}[recipe.kind]
    trim = "safe" if recipe.trim == "auto" else recipe.trim
    command = f"julia --project=@juliac -m JuliaC {output} {name} --bundle build"
    if trim != "no":
        command += f" --trim={trim} --experimental"
    if recipe.ccallables:
        command += " --compile-ccallable"
    command += " ."
    arguments = " --help" if project.generated_entry else ""
    return {
        Path("README.md"): _readme(name, project.module, command, arguments, recipe.kind == "exe"),
        WORKFLOW: _workflow(name, command, arguments, recipe.kind == "exe"),
        Path(".gitignore"): "build/\nManifest*.toml\n",
    }


def _readme(name: str, module: str, command: str, arguments: str, program: bool) -> str:
    run = f"\nand run it:\n\n    ./build/bin/{name}{arguments}\n" if program else "\n"
    return f"""# {name}

A Julia package (module `{module}`), made to be compiled ahead of time. With Julia 1.12 or newer:

    julia --project=@juliac -e 'using Pkg; Pkg.add("JuliaC")'
    {command}
{run}
`{WORKFLOW}` does the same on Linux, macOS and Windows.
"""


def _workflow(name: str, command: str, arguments: str, program: bool) -> str:
    check = (
        f"./build/bin/{name}{arguments}"
        if program
        else f"ls build/*/{re.sub('^lib', '', name)}.* build/*/lib* 2>/dev/null | head"
    )
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
      - name: install the compiler
        run: julia --project=@juliac -e 'using Pkg; Pkg.add("JuliaC")'
      - name: build
        run: {command}
      - name: smoke test
        run: {check}
      - uses: actions/upload-artifact@v4
        with:
          name: {name}-${{{{ runner.os }}}}
          path: build
"""
