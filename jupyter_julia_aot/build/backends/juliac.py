"""The package JuliaC (Julia ≥ 1.12): trimming, libraries, bundles."""

from __future__ import annotations

import contextlib
import shutil
import sys
from pathlib import Path

from jupyter_julia_aot.build.bundle import complete_bundle
from jupyter_julia_aot.build.images import image_key, kept_image
from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.build.project import JULIA_FILES
from jupyter_julia_aot.build.stages import Image, Made, linked_or_bundle
from jupyter_julia_aot.build.targets import cpu_target
from jupyter_julia_aot.errors import Cancelled
from jupyter_julia_aot.records import Kind, Recipe, Toolchain
from jupyter_julia_aot.toolchain.capabilities import c_compiler
from jupyter_julia_aot.toolchain.find import julia_command
from jupyter_julia_aot.toolchain.packages import package_environment, stamp_of_environment
from jupyter_julia_aot.toolchain.probe import Installation

# RPATH, not RUNPATH: it also holds for libraries that have neither.
_RPATH = ("-Wl,--disable-new-dtags",) if sys.platform == "linux" else ()
OUTPUT: dict[Kind, str] = {
    "exe": "--output-exe",
    "lib": "--output-lib",
    "sysimage": "--output-sysimage",
    "object": "--output-o",
    "bitcode": "--output-bc",
}
ARCHIVES = frozenset({"object", "bitcode"})
_IMAGE, _ABI, _SAID = "image.a", "abi.json", "said.txt"
_STAGE = "julia-aot-stage"


class _JuliaC:
    name = "juliac"

    def why_not(self, recipe: Recipe, toolchain: Toolchain, place: Installation) -> str:
        if "juliac" not in toolchain.capabilities:
            return toolchain.reason.get("juliac", "not available")
        if not package_environment("JuliaC", place):
            return "the package JuliaC is not installed"
        return ""

    def make(self, job: Job) -> Made:
        job.stage("compile")
        objects = _compile_c(job)
        image = kept_image(
            job, _key(job), _IMAGE, lambda folder, there: _run(job, folder, objects, there=there)
        )
        said = (image.file.parent / _SAID).read_text(encoding="utf-8")
        job.diagnostics += [d for d in job.explained(said) if d.severity == "warning"]
        abi = image.file.parent / _ABI
        if abi.is_file():
            shutil.copyfile(abi, job.product / f"{job.target.name}.abi.json")
        if job.recipe.kind in ARCHIVES:
            shutil.copyfile(image.file, job.target)
            return Image(recipe=job.recipe, file=job.target, reused=image.reused)
        if job.recipe.bundle:
            complete_bundle(job)
        return linked_or_bundle(job, image)


def _key(job: Job) -> str:
    """What the image depends on; how it is linked and bundled is no part of it."""
    recipe = job.recipe
    facts = [recipe.kind, recipe.trim, str(recipe.ccallables), str(_wants_abi(recipe))]
    facts += [
        cpu_target(recipe.cpu_target, job.place.version) or "",
        *recipe.julia_args,
        "",
        *recipe.jl_options,
    ]
    script = (JULIA_FILES / "juliac_package.jl").read_text(encoding="utf-8")
    return image_key(job, [*facts, script, *map(str, stamp_of_environment("JuliaC", job.place))])


def _compile_c(job: Job) -> list[Path]:
    """Object files of the recipe's C sources; JuliaC would write them beside the sources."""
    made = []
    for number, source in enumerate(map(Path, job.recipe.c_sources)):
        target = job.work / f"c{number}-{source.stem}.o"
        command = [*c_compiler(), "-std=gnu11", "-fPIC", f"-I{job.place.includedir}"]
        command += ["-DJULIA_ENABLE_THREADING=1", *job.recipe.cflags, "-c", str(source.resolve())]
        job.run([*command, "-o", str(target)], stage="compile", what=f"compiling {source.name}")
        made.append(target)
    return made


def _run(job: Job, image: Path, objects: list[Path], *, there: bool) -> None:
    """Let JuliaC compile into the directory ``image`` (unless it is ``there``), link and bundle."""
    recipe = job.recipe
    linked = job.work / "linked" / job.target.name
    linked.parent.mkdir()
    bundle = job.work / "bundle" if recipe.bundle and recipe.kind not in ARCHIVES else None
    rows = [*_image_options(job, image, there=there), *_link_options(job, linked, objects, bundle)]
    options = job.work / "options.tsv"
    options.write_text("".join(f"{key}\t{value}\n" for key, value in rows), encoding="utf-8")
    project = package_environment("JuliaC", job.place)
    command = julia_command(
        job.toolchain, f"--project={project}", str(JULIA_FILES / "juliac_package.jl"), str(options)
    )

    def follow(line: str) -> None:
        mark, _, stage = line.partition("\t")
        if mark == _STAGE and stage != "compile":
            with contextlib.suppress(Cancelled):  # the command is being stopped already
                job.stage(stage)

    ran = job.run(
        command,
        stage="compile",
        what="compiling with JuliaC",
        environment=job.environment(),
        on_line=follow,
    )
    if not there:
        (image / _SAID).write_text(f"{ran.stdout}\n{ran.stderr}", encoding="utf-8")
    if bundle is not None:
        _take(bundle, job.product)
    elif recipe.kind not in ARCHIVES:
        linked.rename(job.target)


def _wants_abi(recipe: Recipe) -> bool:
    return recipe.export_abi or recipe.kind == "lib"


def _image_options(job: Job, image: Path, *, there: bool) -> list[tuple[str, str]]:
    """What ``juliac_package.jl`` reads: one ``key<TAB>value`` a line."""
    recipe = job.recipe
    rows = [
        ("project", str(job.project.folder)),
        ("output", OUTPUT[recipe.kind]),
        ("image", str(image / _IMAGE)),
        ("trim", recipe.trim),
    ]
    if there:
        rows.append(("compiled", "yes"))
    if recipe.ccallables or recipe.kind == "lib":
        rows.append(("ccallables", "yes"))
    if _wants_abi(recipe):
        rows.append(("abi", str(image / _ABI)))
    target = cpu_target(recipe.cpu_target, job.place.version)
    if target:
        rows.append(("cpu", target))
    lists = {"julia_arg": recipe.julia_args, "jl_option": recipe.jl_options}
    return rows + [(key, value) for key, values in lists.items() for value in values]


def _link_options(job: Job, linked: Path, objects: list[Path], bundle: Path | None) -> list[tuple[str, str]]:
    recipe = job.recipe
    library = recipe.kind == "lib"
    if recipe.kind in ARCHIVES:
        return []
    rows = [("product", str(linked))]
    if bundle is not None:
        rows.append(("bundle", str(bundle)))
        if recipe.privatize or library:
            rows.append(("privatize", "yes"))
        if recipe.lazy_artifacts:
            rows.append(("lazy_artifacts", "yes"))
    extra = [*map(str, objects), *(str(Path(p).resolve()) for p in recipe.extra_objects)]
    flags = [*(_RPATH if bundle is not None and not library else ()), *recipe.ld_flags]
    return [*rows, *(("extra_object", e) for e in extra), *(("ld_flag", f) for f in flags)]


def _take(folder: Path, product: Path) -> None:
    for part in folder.iterdir():
        part.rename(product / part.name)


JULIAC = _JuliaC()
