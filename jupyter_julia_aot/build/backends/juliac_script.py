"""``juliac.jl`` as Julia 1.12 ships it: needs no package, does executables and libraries."""

from __future__ import annotations

from jupyter_julia_aot.build.backends.refusals import unknown_options
from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.build.stages import Bundle, Linked, linked_or_bundle
from jupyter_julia_aot.build.targets import cpu_target
from jupyter_julia_aot.records import Kind, Recipe, Toolchain
from jupyter_julia_aot.toolchain.find import julia_command
from jupyter_julia_aot.toolchain.probe import Installation

OUTPUT: dict[Kind, str] = {"exe": "--output-exe", "lib": "--output-lib", "sysimage": "--output-sysimage"}


class _JuliacScript:
    name = "juliac.jl"

    def why_not(self, recipe: Recipe, toolchain: Toolchain, place: Installation) -> str:
        if not place.juliac_script:
            return "this Julia ships no juliac.jl (1.12 does)"
        if "juliac" not in toolchain.capabilities:
            return toolchain.reason.get("juliac", "not available")
        if recipe.bundle:
            return "it makes no bundles"
        if recipe.kind not in OUTPUT:
            return "only programs and libraries are made this way"
        return unknown_options(recipe)

    def make(self, job: Job) -> Linked | Bundle:
        job.stage("compile")
        _compile(job)
        return linked_or_bundle(job, None)


def _compile(job: Job) -> None:
    recipe, project = job.recipe, job.project
    program = project.script or _package_script(job)
    words = [OUTPUT[recipe.kind], str(job.target), "--experimental", f"--trim={recipe.trim}"]
    if recipe.kind == "lib" or recipe.ccallables:
        words.append("--compile-ccallable")
    command = julia_command(
        job.toolchain, f"--project={project.folder}", job.place.juliac_script, *words, str(program)
    )
    target = cpu_target(recipe.cpu_target, job.place.version)
    extra = {"JULIA_CPU_TARGET": target} if target else {}
    job.run(command, stage="compile", what="compiling with juliac.jl", environment=job.environment(extra))


def _package_script(job: Job) -> object:
    """``juliac.jl`` takes one file: one that loads the package and takes its entry."""
    file = job.work / "program.jl"
    lines = [f"using {job.project.module}"]
    if job.project.entry:
        lines.append(f"(@main)(args::Vector{{String}}) = {job.project.module}.{job.project.entry}(args)")
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return file


JULIAC_SCRIPT = _JuliacScript()
