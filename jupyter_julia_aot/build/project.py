"""A fresh Julia package from a recipe: sources, entry point, dependencies. Never the user's own folder."""

from __future__ import annotations

import hashlib
import re
import shutil
import tomllib
import uuid
from dataclasses import dataclass
from pathlib import Path

from jupyter_julia_aot.build import source
from jupyter_julia_aot.build.dependencies import Resolved, resolve
from jupyter_julia_aot.build.package_files import (
    included_files,
    is_environment_file,
    package_files,
    with_absolute_paths,
)
from jupyter_julia_aot.errors import BuildError
from jupyter_julia_aot.records import Recipe
from jupyter_julia_aot.toolchain.capabilities import version_tuple
from jupyter_julia_aot.toolchain.probe import Installation

JULIA_FILES = Path(__file__).with_name("julia")
CELL_FILE = "cell.jl"
COMMAND_LINE = "command_line.jl"
"""Makes an entry for a plain function."""
SCRIPT = "script.jl"
"""Makes an entry of statements."""
_OURS = "julia_aot_"  # begins the names of what is put beside the user's files
_ENTRY = "julia_aot_main"
_MAIN_SINCE = (1, 11, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A package directory ready to compile."""

    folder: Path
    module: str
    entry: str
    """Function of the module that takes the arguments and gives the exit code; empty for a library."""
    script: Path | None
    """The same program as one top-level file, where the sources are a cell or file."""
    sources: dict[str, str]
    """The user's files by how compiler messages name them: project path → name to show."""
    generated_entry: bool = False


def write_project(recipe: Recipe, place: Installation, folder: Path) -> Project:
    """Write the package for ``recipe`` into the empty directory ``folder``.

    Raises :class:`BuildError` (stage ``project``) when there is no entry point to build, a package
    is not installed, or the package directory is none.
    """
    return _from_package(recipe, place, folder) if recipe.project else _from_code(recipe, place, folder)


def _from_code(recipe: Recipe, place: Installation, folder: Path) -> Project:
    code = recipe.code or ""
    if not code.strip():
        raise _refuse("there is no code to build", "give a cell with code, a file, or an accepted function")
    module = module_name(recipe.name)
    more = included_files(code, Path(recipe.folder)) if recipe.folder else {}
    if CELL_FILE in more:
        raise _refuse(f"an included file is called {CELL_FILE}, as ours is", "rename it")
    whole = "\n".join([*more.values(), code])
    body = _body(recipe, whole, place)
    src = folder / "src"
    src.mkdir(parents=True)
    for path, text in {**more, CELL_FILE: code}.items():
        compiled = text if version_tuple(place.version) >= _MAIN_SINCE else source.without_main_macro(text)
        (src / path).parent.mkdir(parents=True, exist_ok=True)
        # Blanks at the end change nothing, and would only make another artifact of the same code.
        (src / path).write_text(f"{compiled.rstrip()}\n", encoding="utf-8")
    if body.helper:
        shutil.copyfile(JULIA_FILES / body.helper, src / f"{_OURS}{body.helper}")
    text = "\n".join([f"module {module}", *body.lines, "end", ""])
    (src / f"{module}.jl").write_text(text, encoding="utf-8")
    script = src / f"{_OURS}program.jl"
    script.write_text("\n".join([*body.lines, ""]), encoding="utf-8")
    resolved = resolve(source.used_packages(whole), place)
    _write_toml(folder, module, resolved)
    return Project(
        folder=folder,
        module=module,
        entry=body.entry,
        script=script,
        sources={
            f"src/{CELL_FILE}": recipe.source_name,
            **{f"src/{path}": str(Path(recipe.folder or "") / path) for path in more},
        },
        generated_entry=body.helper == COMMAND_LINE,
    )


@dataclass(frozen=True, slots=True)
class _Body:
    """The inside of the module: lines around the user's code, and our file that they need."""

    lines: tuple[str, ...]
    entry: str = ""
    helper: str = ""


def _body(recipe: Recipe, code: str, place: Installation) -> _Body:
    """How the user's code becomes a program or library; see :func:`write_project` for what is refused."""
    cell = f'include("{CELL_FILE}")'
    if recipe.kind != "exe":
        return _Body((cell,))
    if recipe.entry is None and source.has_main(code):
        return _Body((cell,), "main")
    functions = source.top_level_functions(code)
    if recipe.entry is None and "julia_main" in functions:
        line = f"{_ENTRY}(args::Vector{{String}})::Cint = julia_main()"
        return _Body((cell, line, *_as_main(place)), _ENTRY)
    name = recipe.entry or (recipe.name if recipe.name in functions else None)
    if name is None and source.has_statements(code):
        lines: tuple[str, ...] = (f'include("{_OURS}{SCRIPT}")', f'@julia_aot_script "{CELL_FILE}"')
        if "main" in functions:  # of its own, which our `@main` must not take the place of
            inner = f"{_ENTRY}(args::Vector{{String}})::Cint = JuliaAotScript.{_ENTRY}(args)"
            lines = ("module JuliaAotScript", *lines, "end", inner)
        return _Body((*lines, *_as_main(place)), _ENTRY, SCRIPT)
    name = name or ("main" if "main" in functions else functions[-1] if functions else None)
    if name is None:
        raise _refuse(
            "the code defines no function to run, and does nothing itself",
            "define `function (@main)(args) … end`, or write statements to run",
        )
    if not re.fullmatch(source._NAME, name):
        raise _refuse(f"{name!r} is no name of a Julia function", "give the name alone, without arguments")
    if functions and name not in functions and name not in source.masked(code):
        raise _refuse(
            f"the code defines no function {name}",
            f"there are: {', '.join(functions)} — choose one with --entry",
        )
    program = re.sub(r"[^\w.-]", "_", recipe.name)
    call = f'@julia_aot_command_line {name} "{program}"'
    return _Body((cell, f'include("{_OURS}{COMMAND_LINE}")', call, *_as_main(place)), _ENTRY, COMMAND_LINE)


def _as_main(place: Installation) -> list[str]:
    if version_tuple(place.version) < _MAIN_SINCE:
        return []
    return [f"(@main)(args::Vector{{String}})::Cint = {_ENTRY}(args)"]


def _from_package(recipe: Recipe, place: Installation, folder: Path) -> Project:
    origin = Path(recipe.project or "")
    try:
        data = tomllib.loads((origin / "Project.toml").read_text(encoding="utf-8"))
        module = str(data["name"])
    except (OSError, ValueError, KeyError) as error:
        raise _refuse(
            f"{origin} is no Julia package ({error})",
            "it needs a Project.toml with name and uuid, and src/NAME.jl",
        ) from error
    if not (origin / "src" / f"{module}.jl").is_file():
        raise _refuse(f"{origin} has no src/{module}.jl", "the file named like the package holds its module")
    _copy(origin, folder)
    files = sorted((folder / "src").rglob("*.jl"))
    text = {file: file.read_text(encoding="utf-8") for file in files}
    if version_tuple(place.version) < _MAIN_SINCE:
        for file, code in text.items():
            file.write_text(source.without_main_macro(code), encoding="utf-8")
    if recipe.kind != "exe":
        entry = ""
    elif any(source.has_main(code) for code in text.values()):
        entry = "main"
    else:
        raise _refuse(
            f"the package {module} defines no `@main`",
            "add `function (@main)(args) … end` to its module",
        )
    relative = {str(file.relative_to(folder)): str(origin / file.relative_to(folder)) for file in files}
    return Project(folder=folder, module=module, entry=entry, script=None, sources=relative)


def _copy(origin: Path, folder: Path) -> None:
    for file in package_files(origin):
        target = folder / file.relative_to(origin)
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.parent == origin and is_environment_file(file.name):
            target.write_text(with_absolute_paths(file.read_text(encoding="utf-8"), origin), encoding="utf-8")
        else:
            shutil.copyfile(file, target)


def module_name(name: str) -> str:
    """A module name for an artifact's name that collides with nothing a user would define."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    return "Aot" + ("".join(word[:1].upper() + word[1:] for word in words) or "Program")


def add_to_module(file: Path, lines: str) -> None:
    """Put ``lines`` at the end of the module that ``file`` holds.

    Raises :class:`BuildError` (stage ``compile``) when something stands behind the module.
    """
    text = file.read_text(encoding="utf-8").rstrip()
    if not re.search(r"\bend$", text):
        raise BuildError(
            f"src/{file.name} does not end with its module's `end`",
            stage="compile",
            remedy="put nothing behind the module",
        )
    file.write_text(f"{text.removesuffix('end').rstrip()}\n{lines}\nend\n", encoding="utf-8")


def _write_toml(folder: Path, module: str, resolved: Resolved) -> None:
    # The same module keeps its UUID, so that Julia's own caches stay valid.
    identity = uuid.UUID(bytes=hashlib.sha256(module.encode()).digest()[:16], version=4)
    lines = [f'name = "{module}"', f'uuid = "{identity}"', 'version = "0.1.0"', "", "[deps]"]
    lines += [f'{name} = "{uuid_}"' for name, uuid_ in sorted(resolved.deps)]
    (folder / "Project.toml").write_text("\n".join([*lines, ""]), encoding="utf-8")
    if resolved.manifest is not None:
        text = resolved.manifest.read_text(encoding="utf-8")
        text = with_absolute_paths(text, resolved.manifest.parent)
        (folder / resolved.manifest.name).write_text(text, encoding="utf-8")


def _refuse(message: str, remedy: str) -> BuildError:
    return BuildError(message, stage="project", remedy=remedy)
