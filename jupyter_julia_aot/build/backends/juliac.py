"""The package JuliaC (Julia ≥ 1.12): trimming, libraries, bundles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.build.project import JULIA_FILES
from jupyter_julia_aot.records import Recipe, Toolchain
from jupyter_julia_aot.toolchain.find import julia_command
from jupyter_julia_aot.toolchain.packages import package_environment
from jupyter_julia_aot.toolchain.probe import Installation

OUTPUT = {"exe": "--output-exe", "lib": "--output-lib", "sysimage": "--output-sysimage"}


class _JuliaC:
    name = "juliac"

    def why_not(self, recipe: Recipe, toolchain: Toolchain, place: Installation) -> str:
        if "juliac" not in toolchain.capabilities:
            return toolchain.reason.get("juliac", "not available")
        if not package_environment("JuliaC", place):
            return "the package JuliaC is not installed"
        return ""

    def steps(self, job: Job) -> list[tuple[str, Callable[[], None]]]:
        return [("compile", lambda: _compile(job))]


def _compile(job: Job) -> None:
    recipe = job.recipe
    linked = job.work / "linked" / job.target.name
    linked.parent.mkdir()
    bundle = job.work / "bundle" if recipe.bundle else None
    arguments = [
        str(job.project.folder),
        OUTPUT[recipe.kind],
        str(linked),
        recipe.trim,
        str(bundle) if bundle else "",
        recipe.cpu_target or "",
        "privatize" if recipe.bundle and recipe.kind == "lib" else "",
    ]
    environment = job.environment()
    project = package_environment("JuliaC", job.place)
    command = julia_command(
        job.toolchain, f"--project={project}", str(JULIA_FILES / "juliac_package.jl"), *arguments
    )
    job.run(command, stage="compile", what="compiling with JuliaC", environment=environment)
    if bundle is not None:
        _take(bundle, job.product)
    else:
        linked.rename(job.target)
    abi = linked.with_name(f"{linked.name}.abi.json")
    if abi.is_file():
        abi.rename(job.product / abi.name)


def _take(folder: Path, product: Path) -> None:
    for part in folder.iterdir():
        part.rename(product / part.name)


JULIAC = _JuliaC()
