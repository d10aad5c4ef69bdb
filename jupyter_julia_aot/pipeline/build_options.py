"""The options of a build, the same for ``%%juliac`` and ``jupyter julia-aot build``."""

from __future__ import annotations

import argparse
import dataclasses
import shlex
from pathlib import Path

from jupyter_julia_aot.errors import SettingError
from jupyter_julia_aot.records import Kind, Recipe


def add_build_options(parser: argparse.ArgumentParser) -> None:
    """Add them to a parser; :func:`recipes` reads what it gives."""
    add = parser.add_argument
    add("--entry", metavar="FUNCTION", help="function to run or, of a library, to export")
    add("--types", metavar="TYPES", help='of a library\'s generic function: "Float64, Vector{Float64}"')
    add(
        "--trim",
        choices=["auto", "no", "safe", "unsafe", "unsafe-warn"],
        default="auto",
        help="leave out of Julia what is not reached (auto: safe where it can be done, else no, saying why)",
    )
    add("--fix", action="store_true", help="rewrite by rule what cannot be trimmed; shown as a diff")
    add("--bundle", action="store_true", help="put the shared libraries next to it")
    add("--slim", action="store_true", help="leave out of the bundle what is not reached")
    add(
        "--cpu-target",
        "--target",
        dest="targets",
        action="append",
        metavar="TARGET",
        help="native, portable (as official Julia builds) or a processor; several: one artifact for each",
    )
    ways = ["juliac", "juliac.jl", "packagecompiler", "sysimage", "package-image"]
    add("--backend", choices=ways, help="how to compile")
    add("--out", metavar="DIR", help="where to put it (default: the cache)")
    add("--project-out", dest="project_out", metavar="DIR", help="write the Julia package there, to keep")
    add(
        "--compare",
        action="store_true",
        help="time the program, `julia FILE` and the warm JIT side by side",
    )
    add("--arguments", metavar="WORDS", default="", help="the program's, for --compare")
    more = parser.add_argument_group("JuliaC")
    more.add_argument("--compile-ccallable", dest="ccallables", action="store_true", help="export @ccallable")
    more.add_argument("--privatize", action="store_true", help="rename the bundled libjulia")
    more.add_argument("--export-abi", dest="export_abi", action="store_true", help="write NAME.abi.json")
    more.add_argument("--lazy-artifacts", dest="lazy_artifacts", action="store_true", help="bundle them, too")
    lists = {
        "c-source": ("FILE.c", "compile and link in"),
        "cflag": ("FLAG", "for the C files"),
        "extra-object": ("FILE.o", "link in"),
        "ld-flag": ("FLAG", "for the linker"),
        "jl-option": ("KEY=VALUE", "Julia's option in the program: handle-signals, threads"),
        "julia-arg": ("ARG", "for the Julia that compiles"),
    }
    for name, (metavar, text) in lists.items():
        more.add_argument(f"--{name}", action="append", default=[], metavar=metavar, help=text)


def recipes(
    args: argparse.Namespace,
    *,
    name: str,
    kind: Kind,
    code: str | None,
    project: str | None,
    source_name: str,
    folder: str | None = None,
) -> tuple[Recipe, ...]:
    """One recipe for each processor asked for; ``folder`` is where the files are that ``code`` includes.

    Raises :class:`SettingError` for an option that holds a tab or a new line.
    """
    lists = [args.c_source, args.cflag, args.extra_object, args.ld_flag, args.jl_option, args.julia_arg]
    if any(c in value for values in lists for value in values for c in "\t\n\r"):
        raise SettingError("an option holds a tab or a new line", remedy="give one value per option")
    for option in args.jl_option:
        if "=" not in option:
            raise SettingError(f"--jl-option: {option!r} has no value", remedy="such as threads=2")
    first = Recipe(
        name=name,
        kind=kind,
        code=code,
        project=project,
        source_name=source_name,
        folder=folder,
        entry=args.entry,
        types=args.types,
        trim=args.trim,
        fix=args.fix,
        bundle=args.bundle,
        slim=args.slim,
        backend=args.backend,
        ccallables=args.ccallables,
        privatize=args.privatize,
        export_abi=args.export_abi,
        lazy_artifacts=args.lazy_artifacts,
        c_sources=tuple(args.c_source),
        cflags=tuple(args.cflag),
        extra_objects=tuple(args.extra_object),
        ld_flags=tuple(args.ld_flag),
        jl_options=tuple(args.jl_option),
        julia_args=tuple(args.julia_arg),
    )
    targets = list(dict.fromkeys(args.targets or [None]))
    return tuple(dataclasses.replace(first, cpu_target=target) for target in targets)


def compared_with(args: argparse.Namespace) -> list[str] | None:
    """The program's arguments when it shall be timed. Raises :class:`SettingError` for an open quotation."""
    try:
        return shlex.split(args.arguments) if args.compare else None
    except ValueError as error:
        raise SettingError(f"--arguments: {error}", remedy="close the quotation") from error


def out_folder(args: argparse.Namespace, recipe: Recipe) -> Path | None:
    """Where this recipe's artifact goes: with several processors each has a folder of its own."""
    if not args.out:
        return None
    several = len(set(args.targets or ())) > 1
    safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in recipe.cpu_target or "default")
    return Path(args.out) / safe if several else Path(args.out)
