"""A system image and a small C program that starts it: any Julia since 1.5, no package needed.

Julia writes an object file of itself with the program in it; the C compiler makes a shared library
of that, and an executable that loads it from ``lib/`` beside itself.
"""

from __future__ import annotations

from pathlib import Path

from jupyter_julia_aot.build.backends.launcher import link_launcher
from jupyter_julia_aot.build.backends.refusals import no_trimming, unknown_options
from jupyter_julia_aot.build.bindings import library
from jupyter_julia_aot.build.bundle import copy_libraries
from jupyter_julia_aot.build.images import image_key, kept_image, take_image
from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.build.project import JULIA_FILES
from jupyter_julia_aot.build.stages import Bundle, Image, Linked, linked_or_bundle
from jupyter_julia_aot.build.targets import cpu_target
from jupyter_julia_aot.records import Recipe, Toolchain
from jupyter_julia_aot.toolchain.capabilities import c_compiler
from jupyter_julia_aot.toolchain.find import julia_command
from jupyter_julia_aot.toolchain.probe import Installation

_IMAGE = "image.so"


class _Sysimage:
    name = "sysimage"

    def why_not(self, recipe: Recipe, toolchain: Toolchain, place: Installation) -> str:
        if "sysimage" not in toolchain.capabilities:
            return toolchain.reason.get("sysimage", "not available")
        if more := unknown_options(recipe, ("ccallables",)):
            return more
        if recipe.kind in ("object", "bitcode"):
            return "only JuliaC makes archives"
        return no_trimming(recipe)

    def make(self, job: Job) -> Linked | Bundle:
        job.stage("compile")
        image = _compile(job)
        job.stage("link")
        _link(job)
        if job.recipe.bundle and job.recipe.kind != "sysimage":
            job.stage("bundle")
            copy_libraries(job)
        return linked_or_bundle(job, image)


def _compile(job: Job) -> Image:
    project = job.project
    if job.recipe.kind == "exe" and project.script is not None:
        library.add_exports(job)
    words = [
        "--compiled-modules=no",  # packages come from source, into this process
        "-g0",
        f"--sysimage={job.place.image}",
    ]
    target = cpu_target(job.recipe.cpu_target, job.place.version)
    if target:
        words.append(f"--cpu-target={target}")
    script = JULIA_FILES / "sysimage.jl"
    texts = [(JULIA_FILES / name).read_text(encoding="utf-8") for name in (script.name, "start.jl")]
    names = [project.module, project.entry or "-"]

    def make(folder: Path, there: bool) -> None:
        if there:
            return
        whole = job.work / "image.o"
        options = [*words, f"--project={project.folder}", "--output-o", str(whole)]
        command = julia_command(job.toolchain, *options, str(script), *names)
        environment = job.environment({"JULIA_LOAD_PATH": f"{project.folder}:@stdlib"})
        job.run(command, stage="compile", what="compiling the system image", environment=environment)
        command = [*c_compiler(), "-shared", "-o", str(folder / _IMAGE), "-Wl,--whole-archive", str(whole)]
        command += ["-Wl,--no-whole-archive", job.place.libjulia, "-Wl,-s"]
        job.run(command, stage="link", what="linking the system image", environment=job.environment())
        whole.unlink()

    key = image_key(job, [*words, *names, *texts])
    image = kept_image(job, key, _IMAGE, make)
    take_image(image.file, _image(job), own=job.recipe.slim)
    return image


def _image(job: Job) -> Path:
    """Where the image goes: a sysimage is one, the others start one that lies in ``lib/``."""
    if job.recipe.kind == "sysimage":
        return job.target
    folder = job.product / "lib"
    folder.mkdir(exist_ok=True)
    return folder / (f"{job.recipe.name}.so" if job.recipe.kind == "exe" else f"{job.recipe.name}-image.so")


def _link(job: Job) -> None:
    if job.recipe.kind == "sysimage":
        return
    image = _image(job)
    defines = {"JULIA_AOT_IMAGE": f"lib/{image.name}"}
    if job.recipe.kind == "exe":
        link_launcher(job, "main.c", defines)
    else:
        # Who loads a library finds the exported functions in the image, which is loaded with it.
        more = ["-shared", "-fPIC", f"-L{image.parent}", f"-l:{image.name}"]
        link_launcher(job, "library_start.c", defines, more)


SYSIMAGE = _Sysimage()
