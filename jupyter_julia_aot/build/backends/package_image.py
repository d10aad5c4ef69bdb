"""A package image on top of Julia's own system image, and a small C program that loads it: in seconds.

What the other ways compile anew — all of Julia, minutes of work — is taken from the Julia that is installed.
So this cannot leave anything out, nor be a bundle; it is how a program that cannot be trimmed is built whole.
The package and its image lie in a depot beside the program, which moves with it (Julia ≥ 1.11).
"""

from __future__ import annotations

import shutil

from jupyter_julia_aot.build.backends.launcher import link_launcher
from jupyter_julia_aot.build.backends.refusals import no_trimming, unknown_options
from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.build.project import JULIA_FILES, add_to_module
from jupyter_julia_aot.build.stages import Bundle, Linked, linked_or_bundle
from jupyter_julia_aot.build.targets import cpu_target
from jupyter_julia_aot.records import Recipe, Toolchain
from jupyter_julia_aot.toolchain.capabilities import version_tuple
from jupyter_julia_aot.toolchain.find import julia_command
from jupyter_julia_aot.toolchain.probe import Installation

_START = "start.jl"


class _PackageImage:
    name = "package-image"

    def why_not(self, recipe: Recipe, toolchain: Toolchain, place: Installation) -> str:
        if version_tuple(place.version) < (1, 11, 0):
            return f"package images that can be moved need Julia ≥ 1.11, this is {place.version}"
        if "sysimage" not in toolchain.capabilities:
            return toolchain.reason.get("sysimage", "not available")
        if recipe.kind != "exe" or recipe.bundle:
            return "only programs are made this way, and no bundles"
        return unknown_options(recipe, ("ccallables",)) or no_trimming(recipe)

    def make(self, job: Job) -> Linked | Bundle:
        job.stage("compile")
        _compile(job)
        job.stage("link")
        _link(job)
        return linked_or_bundle(job, None)


def _compile(job: Job) -> None:
    project = job.project
    depot = job.product / "lib" / job.recipe.name
    package = depot / "dev" / project.module
    shutil.copytree(project.folder, package)
    shutil.copyfile(JULIA_FILES / _START, package / "src" / f"julia_aot_{_START}")
    lines = f'const julia_aot_entry = {project.entry}\ninclude("julia_aot_{_START}")'
    add_to_module(package / "src" / f"{project.module}.jl", lines)
    target = cpu_target(job.recipe.cpu_target, job.place.version)
    words = [f"--cpu-target={target}"] if target else []
    words += [f"--project={package}", "--startup-file=no", "-e", f"using {project.module}"]
    variables = {"JULIA_DEPOT_PATH": ":".join([str(depot), *job.place.depots])}
    job.run(
        julia_command(job.toolchain, *words),
        stage="compile",
        what="compiling the package",
        environment=job.environment(variables),
    )


def _link(job: Job) -> None:
    depot, module = f"lib/{job.recipe.name}", job.project.module
    defines = {
        "JULIA_AOT_IMAGE": job.place.image,
        "JULIA_AOT_DEPOT": depot,
        "JULIA_AOT_DEPOTS": ":".join(job.place.depots),
        "JULIA_AOT_PROJECT": f"{depot}/dev/{module}",
        "JULIA_AOT_MODULE": module,
    }
    link_launcher(job, "main.c", defines)


PACKAGE_IMAGE = _PackageImage()
