"""A system image and a small C program that starts it: any Julia since 1.5, no package needed.

Julia writes an object file of itself with the program in it; the C compiler makes a shared library
of that, and an executable that loads it from ``lib/`` beside itself.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from jupyter_julia_aot.build.bundle import copy_libraries, library_folders, needed_libraries
from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.build.project import JULIA_FILES
from jupyter_julia_aot.records import Recipe, Toolchain
from jupyter_julia_aot.toolchain.capabilities import c_compiler
from jupyter_julia_aot.toolchain.find import julia_command
from jupyter_julia_aot.toolchain.probe import Installation


class _Sysimage:
    name = "sysimage"

    def why_not(self, recipe: Recipe, toolchain: Toolchain, place: Installation) -> str:
        if "sysimage" not in toolchain.capabilities:
            return toolchain.reason.get("sysimage", "not available")
        if recipe.kind == "lib":
            return "libraries need juliac (Julia ≥ 1.12)"
        if recipe.trim not in ("no", "auto"):
            return f"it cannot trim (trim={recipe.trim})"
        return ""

    def steps(self, job: Job) -> list[tuple[str, Callable[[], None]]]:
        steps = [("compile", lambda: _compile(job)), ("link", lambda: _link(job))]
        if job.recipe.bundle and job.recipe.kind == "exe":
            steps.append(("bundle", lambda: copy_libraries(job)))
        return steps


def _object(job: Job) -> Path:
    return job.work / "image.o"


def _compile(job: Job) -> None:
    project = job.project
    words = [
        "--compiled-modules=no",  # packages come from source, into this process
        f"--project={project.folder}",
        f"--sysimage={job.place.image}",
        "-g0",
        "--output-o",
        str(_object(job)),
    ]
    if job.recipe.cpu_target:
        words.append(f"--cpu-target={job.recipe.cpu_target}")
    script = str(JULIA_FILES / "sysimage.jl")
    command = julia_command(job.toolchain, *words, script, project.module, project.entry or "-")
    environment = job.environment({"JULIA_LOAD_PATH": f"{project.folder}:@stdlib"})
    job.run(command, stage="compile", what="compiling the system image", environment=environment)


def _link(job: Job) -> None:
    compiler = c_compiler()
    exe = job.recipe.kind == "exe"
    image = job.product / "lib" / f"{job.recipe.name}.so" if exe else job.target
    image.parent.mkdir(exist_ok=True)
    environment = job.environment()
    command = [*compiler, "-shared", "-o", str(image), "-Wl,--whole-archive", str(_object(job))]
    command += ["-Wl,--no-whole-archive", job.place.libjulia, "-Wl,-s"]
    job.run(command, stage="link", what="linking the system image", environment=environment)
    _object(job).unlink()
    if not exe:
        return
    # RPATH, not RUNPATH: it also holds for the libraries that Julia's own libraries need.
    folders = ["$ORIGIN/lib", *([] if job.recipe.bundle else library_folders(job.place))]
    bindir = "bin" if job.recipe.bundle else job.place.bindir
    command = [*compiler, "-O2", "-o", str(job.target), str(JULIA_FILES / "main.c")]
    command += [f"-I{job.place.includedir}", f'-DJULIA_AOT_IMAGE="lib/{image.name}"']
    command += [f'-DJULIA_AOT_BINDIR="{bindir}"', "-Wl,--no-as-needed", *_private_libraries(job)]
    command += [job.place.libjulia, "-lpthread", "-ldl"]
    command += ["-Wl,--disable-new-dtags", *(f"-Wl,-rpath,{folder}" for folder in folders)]
    job.run(command, stage="link", what="linking the program", environment=environment)


def _private_libraries(job: Job) -> list[str]:
    """The installation's own libraries that libjulia needs, to be named by the program itself.

    A library with a RUNPATH of its own (Debian's libLLVM has a wrong one) would not look where the
    program says; what the program has loaded by then it takes.
    """
    needed = needed_libraries(Path(job.place.libjulia), job.environment(dict(job.place.environment)))
    own = Path(job.place.prefix)
    return [str(path) for _, path in sorted(needed.items()) if path.resolve().is_relative_to(own)]


SYSIMAGE = _Sysimage()
