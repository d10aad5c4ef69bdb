"""The small C program or library that starts a Julia whose code lies in files beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyter_julia_aot.build.bundle import library_folders, needed_libraries
from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.build.project import JULIA_FILES
from jupyter_julia_aot.toolchain.capabilities import c_compiler


def link_launcher(job: Job, source: str, defines: Mapping[str, str], more: Sequence[str] = ()) -> None:
    """Compile ``source`` (one of ours) with these string macros to the job's target, with libjulia.

    Raises :class:`~jupyter_julia_aot.errors.BuildError` (stage ``link``).
    """
    # RPATH, not RUNPATH: it also holds for the libraries that Julia's own libraries need.
    folders = ["$ORIGIN/lib", *([] if job.recipe.bundle else library_folders(job.place))]
    bindir = "bin" if job.recipe.bundle else job.place.bindir
    command = [*c_compiler(), "-O2", "-o", str(job.target), str(JULIA_FILES / source)]
    command += [f"-I{job.place.includedir}", f'-DJULIA_AOT_BINDIR="{bindir}"']
    command += [f'-D{name}="{value}"' for name, value in defines.items()]
    command += ["-Wl,--no-as-needed", *_private_libraries(job), *more]
    command += [job.place.libjulia, "-lpthread", "-ldl"]
    command += ["-Wl,--disable-new-dtags", *(f"-Wl,-rpath,{folder}" for folder in folders)]
    job.run(command, stage="link", what="linking the program", environment=job.environment())


def _private_libraries(job: Job) -> list[str]:
    """The installation's own libraries that libjulia needs, to be named by the program itself.

    A library with a RUNPATH of its own (Debian's libLLVM has a wrong one) would not look where the
    program says; what the program has loaded by then it takes.
    """
    needed = needed_libraries(Path(job.place.libjulia), job.environment(dict(job.place.environment)))
    own = Path(job.place.prefix)
    return [str(path) for _, path in sorted(needed.items()) if path.resolve().is_relative_to(own)]
