"""PackageCompiler 2 (Julia 1.6 – 1.11 users): applications that carry all of Julia."""

from __future__ import annotations

from jupyter_julia_aot.build.backends.refusals import no_trimming, unknown_options
from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.build.project import JULIA_FILES, add_to_module
from jupyter_julia_aot.build.stages import Bundle, Linked, linked_or_bundle
from jupyter_julia_aot.build.targets import cpu_target
from jupyter_julia_aot.records import Recipe, Toolchain
from jupyter_julia_aot.toolchain.find import julia_command
from jupyter_julia_aot.toolchain.packages import package_environment
from jupyter_julia_aot.toolchain.probe import Installation


class _PackageCompiler:
    name = "packagecompiler"

    def why_not(self, recipe: Recipe, toolchain: Toolchain, place: Installation) -> str:
        if "packagecompiler" not in toolchain.capabilities:
            return toolchain.reason.get("packagecompiler", "not available")
        if recipe.kind != "exe":
            return "only applications are built this way"
        if not recipe.bundle:
            return "it always makes a bundle; ask for one"
        return unknown_options(recipe, ("ccallables",)) or no_trimming(recipe)

    def make(self, job: Job) -> Linked | Bundle:
        job.stage("compile")
        _compile(job)
        return linked_or_bundle(job, None)


def _compile(job: Job) -> None:
    recipe, project = job.recipe, job.project
    # PackageCompiler calls `julia_main()`; the arguments are in ARGS.
    entry = f"julia_main()::Cint = (value = {project.entry}(ARGS); value isa Integer ? Cint(value) : Cint(0))"
    add_to_module(project.folder / "src" / f"{project.module}.jl", entry)
    built = job.work / "app"
    environment = job.environment()
    command = julia_command(
        job.toolchain,
        f"--project={package_environment('PackageCompiler', job.place)}",
        str(JULIA_FILES / "packagecompiler.jl"),
        str(project.folder),
        str(built),
        recipe.name,
        cpu_target(recipe.cpu_target, job.place.version) or "",
    )
    job.run(command, stage="compile", what="compiling with PackageCompiler", environment=environment)
    for part in built.iterdir():
        part.rename(job.product / part.name)


PACKAGECOMPILER = _PackageCompiler()
