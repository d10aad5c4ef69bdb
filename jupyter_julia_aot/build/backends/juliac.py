"""The package JuliaC (Julia ≥ 1.12): trimming, libraries, bundles."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from jupyter_julia_aot.build.bundle import complete_bundle
from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.build.project import JULIA_FILES
from jupyter_julia_aot.build.targets import cpu_target
from jupyter_julia_aot.records import Recipe, Toolchain
from jupyter_julia_aot.toolchain.find import julia_command
from jupyter_julia_aot.toolchain.packages import package_environment
from jupyter_julia_aot.toolchain.probe import Installation

# Fields of a recipe that only JuliaC knows.
JULIAC_ONLY = (
    "privatize",
    "export_abi",
    "c_sources",
    "cflags",
    "extra_objects",
    "ld_flags",
    "jl_options",
    "julia_args",
    "lazy_artifacts",
)
# RPATH, not RUNPATH: it also holds for libraries that have neither.
_RPATH = ("-Wl,--disable-new-dtags",) if sys.platform == "linux" else ()
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
        steps = [("compile", lambda: _compile(job))]
        if job.recipe.bundle:
            steps.append(("bundle", lambda: complete_bundle(job)))
        return steps


def _compile(job: Job) -> None:
    recipe = job.recipe
    linked = job.work / "linked" / job.target.name
    linked.parent.mkdir()
    bundle = job.work / "bundle" if recipe.bundle else None
    options = job.work / "options.tsv"
    options.write_text(_options(job, linked, bundle), encoding="utf-8")
    environment = job.environment()
    project = package_environment("JuliaC", job.place)
    command = julia_command(
        job.toolchain, f"--project={project}", str(JULIA_FILES / "juliac_package.jl"), str(options)
    )
    job.run(command, stage="compile", what="compiling with JuliaC", environment=environment)
    if bundle is not None:
        _take(bundle, job.product)
    else:
        linked.rename(job.target)
    abi = linked.with_name(f"{linked.name}.abi.json")
    if abi.is_file():
        abi.rename(job.product / abi.name)


def _options(job: Job, linked: Path, bundle: Path | None) -> str:
    """What ``juliac_package.jl`` reads: one ``key<TAB>value`` a line."""
    recipe = job.recipe
    library = recipe.kind == "lib"
    rows: list[tuple[str, str]] = [
        ("project", str(job.project.folder)),
        ("output", OUTPUT[recipe.kind]),
        ("product", str(linked)),
        ("trim", recipe.trim),
    ]
    if recipe.ccallables or library:
        rows.append(("ccallables", "yes"))
    if recipe.export_abi or library:
        rows.append(("abi", f"{linked}.abi.json"))
    if bundle is not None:
        rows.append(("bundle", str(bundle)))
        if recipe.privatize or library:
            rows.append(("privatize", "yes"))
        if recipe.lazy_artifacts:
            rows.append(("lazy_artifacts", "yes"))
    target = cpu_target(recipe.cpu_target, job.place.version)
    if target:
        rows.append(("cpu", target))
    lists = {
        "julia_arg": recipe.julia_args,
        "c_source": tuple(str(Path(p).resolve()) for p in recipe.c_sources),
        "cflag": recipe.cflags,
        "extra_object": tuple(str(Path(p).resolve()) for p in recipe.extra_objects),
        "ld_flag": (*(_RPATH if bundle is not None and not library else ()), *recipe.ld_flags),
        "jl_option": recipe.jl_options,
    }
    rows += [(key, value) for key, values in lists.items() for value in values]
    return "".join(f"{key}\t{value}\n" for key, value in rows)


def _take(folder: Path, product: Path) -> None:
    for part in folder.iterdir():
        part.rename(product / part.name)


JULIAC = _JuliaC()
