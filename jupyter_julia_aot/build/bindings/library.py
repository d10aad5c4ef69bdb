"""A library while it is built: what it shall export, the Julia that exports it, and what goes beside it."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from jupyter_julia_aot.build.bindings.extension import Extension
from jupyter_julia_aot.build.bindings.header import abi, header
from jupyter_julia_aot.build.bindings.package import Package
from jupyter_julia_aot.build.bindings.shim import SHIM_FILE, shim
from jupyter_julia_aot.build.bindings.signature import Description, read_description
from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.build.project import CELL_FILE, JULIA_FILES
from jupyter_julia_aot.errors import BuildError
from jupyter_julia_aot.records import AbiEntry, Artifact, Diagnostic, Verified
from jupyter_julia_aot.toolchain.capabilities import c_compiler
from jupyter_julia_aot.toolchain.find import julia_command
from jupyter_julia_aot.toolchain.process import run

_MARK = "julia-aot-describe\t"
_EXTENSION = "_binding.abi3.so"
_OUR_LINES = re.compile(r'^include\("julia_aot_(?:library\w*|binding)\.jl"\)\n', re.M)
_LOAD_SECONDS = 120.0
PYTHON_FOLDER = "python"


@dataclass(frozen=True, slots=True)
class Beside:
    """What lies beside a library, by paths relative to the product."""

    header: str
    binding: str | None
    abi: tuple[AbiEntry, ...]

    def added_to(self, artifact: Artifact, product: Path) -> Artifact:
        """The artifact with these, in ``product``."""
        binding = None if self.binding is None else str(product / self.binding)
        return dataclasses.replace(artifact, header=str(product / self.header), binding=binding, abi=self.abi)


def describe(job: Job) -> tuple[Description, Description]:
    """What can be exported of the program, and of that what the recipe asks for.

    Raises :class:`BuildError` (stage ``describe``) when nothing can be, with the reason of every
    function that cannot, at its line.
    """
    recipe = job.recipe
    names = tuple((recipe.entry or "").replace(" ", "").split(",")) if recipe.entry else ()
    if recipe.types:
        names = names or (recipe.name,)
        chosen = whole = describe_all(job, names)
    else:
        whole = describe_all(job)
        chosen = whole if not names else whole.only(names)
    _check(job, chosen)
    return whole, chosen


def describe_all(job: Job, names: tuple[str, ...] = ()) -> Description:
    """What the program's functions take and give: its module is loaded in the compiler's Julia, not called.

    Raises :class:`BuildError` (stage ``describe``) when it does not load.
    """
    project = job.project
    file = str(project.folder / "src" / CELL_FILE) if project.script is not None else "-"
    command = julia_command(
        job.toolchain,
        "-O0",
        f"--project={project.folder}",
        str(JULIA_FILES / "describe.jl"),
        project.module,
        file,
        ",".join(names),
        (job.recipe.types or "") if names else "",
        _program(job),
    )
    ran = job.run(command, stage="describe", what="loading the code")
    line = next((t for t in reversed(ran.stdout.splitlines()) if t.startswith(_MARK)), None)
    if line is None:
        raise BuildError(
            "the code printed something over what Julia says of it, or ended Julia",
            stage="describe",
            log=ran.stdout[-10_000:],
            remedy="a library's code defines functions, and does nothing when it is loaded",
        )
    return read_description(json.loads(line.removeprefix(_MARK)))


def _program(job: Job) -> str:
    """The function that the project makes a command line for, or the empty string."""
    if not job.project.generated_entry or job.project.script is None:
        return ""
    match = re.search(r"^@julia_aot_command_line (\S+)", job.project.script.read_text(encoding="utf-8"), re.M)
    return match[1] if match else ""


def add_exports(job: Job) -> None:
    """Let an executable's image export the functions, too, so that a library of the same code can use it.

    Where that cannot be, the program does without: whoever asks for the library is told why.
    """
    try:
        description = describe_all(job)
    except BuildError as error:
        job.log.append(f"nothing is exported: {error.message}")
    else:
        write_sources(job, description)


def _check(job: Job, description: Description) -> None:
    shown = next(iter(job.project.sources.values()), job.recipe.source_name)
    if description.missing:
        raise BuildError(
            f"the code defines no function {', '.join(description.missing)}",
            stage="describe",
            remedy="--entry names the functions to export, separated by commas",
        )
    refused = [
        Diagnostic(
            severity="error",
            message=f"{r.signature}: {r.why}",
            file=shown if r.line is not None else None,
            line=r.line,
        )
        for f in description.functions
        for r in f.refused
    ]
    empty = [f for f in description.functions if not f.methods]
    asked = bool(job.recipe.entry or job.recipe.types)
    if (asked and empty) or (not description.ccallables and len(empty) == len(description.functions)):
        first = f": {refused[0].message}" if refused else ""
        raise BuildError(
            f"the code has no function that C or Python could call{first}",
            stage="describe",
            diagnostics=tuple(refused),
            remedy="give the arguments concrete types, as in f(x::Int64, v::Vector{Float64}), or say them: "
            '--types "Int64, Vector{Float64}"',
        )
    # Some functions can be called; those that cannot are told, and left out.
    job.diagnostics += [_as_remark(d) for d in refused]


def _as_remark(diagnostic: Diagnostic) -> Diagnostic:
    return Diagnostic(
        severity="info",
        message=f"not exported: {diagnostic.message}",
        file=diagnostic.file,
        line=diagnostic.line,
    )


def write_sources(job: Job, description: Description) -> None:
    """Add the exporting functions to the project, at the end of the user's module."""
    if not any(f.methods for f in description.functions):
        return  # only functions that the user exports
    folder = job.project.folder / "src"
    trimmed = job.recipe.trim != "no"
    part = "library_trimmed.jl" if trimmed else "library_whole.jl"
    for name in ("library.jl", part):
        shutil.copyfile(JULIA_FILES / name, folder / f"julia_aot_{name}")
    text = shim(description, job.project.sources, trimmed=trimmed)
    (folder / f"julia_aot_{SHIM_FILE}").write_text(text, encoding="utf-8")
    names = (f"julia_aot_{part}", "julia_aot_library.jl", f"julia_aot_{SHIM_FILE}")
    lines = "".join(f'include("{name}")\n' for name in names)
    main = folder / f"{job.project.module}.jl"
    # A package written by --project-out has such lines already.
    module = _OUR_LINES.sub("", main.read_text(encoding="utf-8")).rstrip()
    if not re.search(r"\bend\s*$", module):
        raise BuildError(
            f"src/{main.name} does not end with its module's `end`",
            stage="describe",
            remedy="put nothing behind the module",
        )
    main.write_text(f"{module.removesuffix('end').rstrip()}\n{lines}end\n", encoding="utf-8")
    if job.project.script is not None:
        script = job.project.script.read_text(encoding="utf-8")
        job.project.script.write_text(f"{script.rstrip()}\n{lines}", encoding="utf-8")


def write_beside(job: Job, description: Description, target: Path, backend: str) -> Beside:
    """The C header and the Python package of a finished library, in the product.

    Raises :class:`BuildError` (stage ``bind``) when the C compiler refuses the extension module.
    """
    starts = backend == "sysimage"
    name = job.recipe.name
    head = header(name, description, backend=backend, julia=job.place.version, start=starts)
    (job.product / f"{name}.h").write_text(head, encoding="utf-8")
    binding = None
    if any(f.methods for f in description.functions):
        binding = _write_package(job, description, target, global_symbols=starts)
    return Beside(f"{name}.h", binding, abi(description))


def _write_package(job: Job, description: Description, target: Path, *, global_symbols: bool) -> str:
    module = package_name(job.recipe.name)
    folder = job.product / PYTHON_FOLDER / module
    folder.mkdir(parents=True)
    extension = Extension(description)
    c_file = job.work / "_binding.c"
    c_file.write_text(extension.text, encoding="utf-8")
    command = [*c_compiler(), "-O2", "-shared", "-fPIC", "-fvisibility=hidden", f"-I{JULIA_FILES}"]
    command += ["-o", str(folder / _EXTENSION), str(c_file), "-ldl", "-lpthread", "-Wl,-s"]
    job.run(command, stage="bind", what="compiling the Python binding")
    package = Package(job.recipe.name, description, extension)
    library = Path("../..") / target.relative_to(job.product)
    own_julia = any(target.parent.glob("*_libjulia.so*"))  # as JuliaC names a privatised one
    source = package.source(str(library), global_symbols=global_symbols, alone=not own_julia)
    (folder / "__init__.py").write_text(source, encoding="utf-8")
    (folder / "_types.py").write_text(package.types(), encoding="utf-8")
    (folder / "__init__.pyi").write_text(package.stub(), encoding="utf-8")
    (folder / f"test_{module}.py").write_text(package.test(module), encoding="utf-8")
    (folder / "py.typed").touch()
    return f"{PYTHON_FOLDER}/{module}"


_LOADS = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
for name in (module := importlib.import_module(sys.argv[2])).__all__:
    value = getattr(module, name)
    if type(value).__name__ == "builtin_function_or_method":
        print(value.__doc__.splitlines()[0])
"""


def first_load(job: Job, binding: str) -> Verified:
    """Open a finished library through its binding, in a Python of its own; it prints what can be called.

    Raises :class:`BuildError` (stage ``verify``) when the library or its Julia does not load.
    """
    folder = job.product / binding
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("JULIA_", "PYTHON"))}
    command = [sys.executable, "-c", _LOADS, str(folder.parent), folder.name]
    try:
        ran = run(command, environment=environment, timeout=_LOAD_SECONDS, cancel=job.cancel)
    except OSError as error:
        raise BuildError(
            f"{sys.executable} cannot be started: {error.strerror or error}", stage="verify"
        ) from error
    if ran.code != 0:
        last = (ran.stderr.strip().splitlines() or [ran.failure])[-1][-300:]
        raise BuildError(
            f"the library does not load: {last}",
            stage="verify",
            log=ran.stderr[-10_000:],
            remedy="with --bundle it brings every library it needs",
        )
    return Verified(ran=True, exit_code=0, stdout=ran.stdout, stderr=ran.stderr, seconds=ran.seconds)


def package_name(name: str) -> str:
    """The Python package of an artifact: its name as an identifier, without ``lib`` before it."""
    plain = name.removeprefix("lib") or name
    text = re.sub(r"\W", "_", plain, flags=re.ASCII)
    return f"_{text}" if text[0].isdigit() else text
