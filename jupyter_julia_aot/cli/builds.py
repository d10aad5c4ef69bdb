"""``build``, ``run``, ``builds`` and ``prune``: binaries from Julia code."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import time
from pathlib import Path
from typing import Any, get_args

from jupyter_julia_aot.cli.command import ANSWER_IS_NO, SUCCEEDED, Output
from jupyter_julia_aot.cli.options import Verbs, add_verb, recorded
from jupyter_julia_aot.errors import BuildError, SettingError
from jupyter_julia_aot.pipeline.build_options import add_build_options, compared_with, out_folder, recipes
from jupyter_julia_aot.records import BuildResult, Event, Kind, Recipe, from_json, to_json

_JSON_SECONDS = 60.0


def add_verbs(verbs: Verbs) -> None:
    """Register the verbs about artifacts."""
    build = add_verb(verbs, "build", run_build, "compile a Julia file or package to an executable or library")
    build.add_argument("source", metavar="FILE.jl|PROJECT", help="a file, or a package directory")
    build.add_argument("--kind", choices=get_args(Kind), default="exe")
    build.add_argument("--name", help="file name of the artifact (default: the source's)")
    add_build_options(build)
    build.add_argument("--tests", metavar="FILE", help="judge the artifact by these tests, too")
    build.add_argument("--wheel", metavar="DIR", help="of a library: write a Python wheel there")

    run = add_verb(verbs, "run", run_run, "run an executable that was built here")
    run.add_argument("artifact", metavar="NAME|ID|PATH", help="a build's name or id (see builds), or a path")
    run.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="ARG", help="all that follows goes to the program"
    )
    run.add_argument(
        "--seconds", type=float, help="stop it after so long (default: only --json has a limit, 60)"
    )

    builds = add_verb(verbs, "builds", run_builds, "list what was built, newest first")
    builds.add_argument("--limit", type=int, default=20, metavar="N", help="how many at most")
    builds.add_argument(
        "--by", choices=["age", "size"], default="age", help="the newest first, or the largest"
    )

    prune = add_verb(verbs, "prune", run_prune, "delete old builds from the cache")
    prune.add_argument("--days", type=float, metavar="D", help="those older than so many days")
    prune.add_argument(
        "--keep-mb", dest="keep_mb", type=float, metavar="MB", help="the oldest, down to this size"
    )


def run_build(args: argparse.Namespace, output: Output) -> int:
    """``build``: 0 when the artifact is there (and ran), 1 when a stage failed."""
    from jupyter_julia_aot.pipeline.artifacts import keep_project

    wanted = recipes_of(args)
    if args.project_out:
        folder = keep_project(wanted[0], args.project_out, args.julia or "")
        output.progress(f"the package is in {folder}")
    done: list[dict[str, Any]] = []
    for recipe in wanted:
        value, error = _build_one(recipe, args, output)
        done.append(value)
        if error is not None:
            output.result(_together(wanted, done))
            for line in error.log.splitlines()[-20:] if isinstance(error, BuildError) else ():
                output.progress(f"  {line}")
            raise error
    output.result(_together(wanted, done))
    return SUCCEEDED if all(value["artifact"] for value in done) else ANSWER_IS_NO


def _build_one(
    recipe: Recipe, args: argparse.Namespace, output: Output
) -> tuple[dict[str, Any], BuildError | KeyboardInterrupt | None]:
    """The JSON of one build, told to the user as it goes on, and what ended it early."""
    from jupyter_julia_aot.pipeline import build_events, read_oracle
    from jupyter_julia_aot.pipeline.artifacts import make_wheel

    seen: list[Event] = []
    if args.wheel:
        recipe = dataclasses.replace(recipe, bundle=True)
    oracle = read_oracle(args.tests) if args.tests else None
    out = out_folder(args, recipe)
    try:
        with recorded(output) as history:
            for event in build_events(
                recipe,
                julia=args.julia or "",
                out=out,
                history=history,
                oracle=oracle,
                compare=compared_with(args),
            ):
                seen.append(event)
                show_stage(event, output)
    except BuildError as error:
        return build_json(seen, error), error
    value = build_json(seen, None)
    if seen[-1].kind == "run_finished" and seen[-1].data["status"] == "cancelled":
        return value, KeyboardInterrupt()
    result = _result(seen)
    if result is None:
        return value, None
    show_result(result, output)
    try:
        if args.wheel:
            wheel = make_wheel(result.artifact, Path(args.wheel))
            value["wheel"] = {"path": str(wheel), "bytes": wheel.stat().st_size}
            output.line(f"{wheel}  ({wheel.stat().st_size / 1e6:.2f} MB)")
    except BuildError as error:
        return value, error
    return value, None


def _together(wanted: tuple[Recipe, ...], done: list[dict[str, Any]]) -> dict[str, Any]:
    """The contract's JSON; with several processors the first one's, and ``targets`` has all."""
    if len(wanted) == 1:
        return done[0]
    each = [{"target": r.cpu_target, **v} for r, v in zip(wanted, done, strict=False)]
    return {**done[0], "targets": each}


def show_result(result: BuildResult, output: Output) -> None:
    """The artifact in words, what of it is large, and its first run."""
    from jupyter_julia_aot.pipeline.timing import times_table

    artifact = result.artifact
    output.line(
        f"{artifact.path}  ({artifact.bytes / 1e6:.2f} MB, {artifact.backend}, trim {artifact.trim}, "
        f"id {artifact.id})"
    )
    output.line(f"  {result.backend_reason}")
    if artifact.bundle_bytes:
        output.line(f"bundle: {artifact.bundle_bytes / 1e6:.2f} MB")
        for library in sorted(artifact.libraries, key=lambda lib: -lib.bytes):
            if library.bundled:
                share = 100 * library.bytes / artifact.bundle_bytes
                output.line(f"  {library.name:36} {library.bytes / 1e6:8.2f} MB {share:5.1f} %")
    for entry in artifact.abi:
        output.line(f"  {entry.julia}\n    {entry.c}")
    if result.proof is not None:
        badge = "equal" if result.proof.equal else f"different ({result.proof.checks})"
        output.line(f"JIT and ahead of time: {badge}, {result.proof.calls} calls of the tests")
        for difference in result.proof.differences:
            output.line(f"  {difference}")
    if result.times:
        output.line(times_table(result.times))
    if result.verified.ran and artifact.kind == "exe":
        output.line(f"ran: exit code {result.verified.exit_code}")
        output.line(result.verified.stdout.rstrip())


def recipes_of(args: argparse.Namespace) -> tuple[Recipe, ...]:
    """The recipes the options ask for. Raises :class:`SettingError` when the source is unusable."""
    from jupyter_julia_aot.pipeline.trying import read_text

    source = Path(args.source)
    if source.is_dir():
        if not (source / "Project.toml").is_file():
            raise SettingError(f"{source} has no Project.toml", remedy="give a Julia package, or one file")
        code, project, folder, name = None, str(source.resolve()), None, source.resolve().name
    else:
        code, project, folder, name = read_text(source, "FILE"), None, str(source.parent), source.stem
    return recipes(
        args,
        name=args.name or name,
        kind=args.kind,
        code=code,
        project=project,
        source_name=str(source),
        folder=folder,
    )


def show_stage(event: Event, output: Output) -> None:
    """One line of progress for a build event."""
    if event.kind == "stage" and event.data["state"] == "finished":
        output.progress(f"{event.data['name']}: {event.data['seconds']:.1f} s")
    elif event.kind == "stage":
        output.progress(f"… {event.data['name']}")
    elif event.kind == "diagnostic":
        d = event.data["diagnostic"]
        place = f"{d['file'] or ''}:{d['line']}: " if d["line"] is not None else ""
        cause = f" [{d['cause']}: {d['remedy']}]" if d.get("cause") else ""
        output.progress(f"{place}{d['severity']}: {d['message'][:400]}{cause}")
    elif event.kind == "fixed":
        output.progress(event.data["diff"].rstrip())


def _result(events: list[Event]) -> BuildResult | None:
    built = [e for e in events if e.kind == "built"]
    return from_json(BuildResult, built[-1].data["result"]) if built else None


def build_json(events: list[Event], error: BuildError | None) -> dict[str, Any]:
    """The contract's JSON for ``build``; ``artifact`` is null when it failed."""
    result = _result(events)
    if result is not None:
        value = to_json(result)
        keys = (
            "artifact",
            "stages",
            "cached",
            "verified",
            "diagnostics",
            "backend_reason",
            "fixes",
            "diff",
            "proof",
            "times",
        )
        return {key: value[key] for key in keys}
    return {
        "artifact": None,
        "stages": [
            {"name": e.data["name"], "seconds": e.data["seconds"]}
            for e in events
            if e.kind == "stage" and e.data["state"] == "finished"
        ],
        "cached": False,
        "verified": {"ran": False, "exit_code": None, "stdout": ""},
        "diagnostics": [e.data["diagnostic"] for e in events if e.kind == "diagnostic"],
        "fixes": [],
        "diff": next((e.data["diff"] for e in events if e.kind == "fixed"), ""),
        "error": error
        and {
            "type": "BuildError",
            "stage": error.stage,
            "message": error.message,
            "remedy": error.remedy,
        },
    }


def run_run(args: argparse.Namespace, output: Output) -> int:
    """``run``: the program has our input and output (``--json``: as text in it); 0 when it exits with 0."""
    from jupyter_julia_aot.history import History
    from jupyter_julia_aot.pipeline.artifacts import find_executable, run_artifact, run_attached

    arguments = list(args.arguments)
    # `run NAME --json -- …`: ours, if it stands right behind the name.
    if arguments[:1] == ["--json"]:
        output.as_json = bool(arguments.pop(0))
    if arguments[:1] == ["--"]:
        arguments.pop(0)
    with History() as history:
        path = find_executable(args.artifact, history)
    if not output.as_json:
        code = run_attached(path, tuple(arguments), args.seconds)
        if code:
            output.progress(f"exit code {code}" if code > 0 else f"ended by signal {-code}")
        return SUCCEEDED if code == 0 else ANSWER_IS_NO
    given = b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read()
    ran = run_artifact(path, tuple(arguments), stdin=given, timeout=args.seconds or _JSON_SECONDS)
    output.result(to_json(ran))
    return SUCCEEDED if ran.exit_code == 0 else ANSWER_IS_NO


def run_builds(args: argparse.Namespace, output: Output) -> int:
    """``builds``: the history's builds and whether the files are still there."""
    from jupyter_julia_aot.history import History, left_out

    with History() as history:
        entries = list(history.builds(limit=args.limit))
        others = left_out(history.unreadable_builds())
    if args.by == "size":
        entries.sort(key=lambda e: -(e.result.artifact.bundle_bytes or e.result.artifact.bytes))
    output.result(
        [
            {
                "at": e.at,
                "artifact": to_json(e.result.artifact),
                "present": Path(e.result.artifact.path).exists(),
                "cached": e.result.cached,
            }
            for e in entries
        ]
    )
    for e in entries:
        a = e.result.artifact
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(e.at))
        gone = "" if Path(a.path).exists() else "  (deleted)"
        size = (a.bundle_bytes or a.bytes) / 1e6
        output.line(f"{a.id}  {when}  {a.kind:4} {a.name:20} {size:8.2f} MB  {a.path}{gone}")
    if others:
        output.progress(others)
    elif not entries:
        output.line("nothing was built yet; try: jupyter julia-aot build FILE.jl")
    return SUCCEEDED


def run_prune(args: argparse.Namespace, output: Output) -> int:
    """``prune``: delete builds by age and size."""
    from jupyter_julia_aot.pipeline.artifacts import prune_builds

    if args.days is None and args.keep_mb is None:
        raise SettingError("prune: say what to delete", remedy="--days D and/or --keep-mb MB")
    removed, freed = prune_builds(days=args.days, keep_mb=args.keep_mb)
    output.result({"removed": removed, "freed_bytes": freed})
    output.line(f"deleted {len(removed)} builds, {freed / 1e6:.1f} MB")
    return SUCCEEDED
