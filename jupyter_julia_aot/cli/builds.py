"""``build``, ``run``, ``builds`` and ``prune``: binaries from Julia code."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from jupyter_julia_aot.cli.command import ANSWER_IS_NO, SUCCEEDED, Output
from jupyter_julia_aot.cli.options import Verbs, add_verb
from jupyter_julia_aot.errors import BuildError, SettingError
from jupyter_julia_aot.records import BuildResult, Event, Recipe, from_json, to_json


def add_verbs(verbs: Verbs) -> None:
    """Register the verbs about artifacts."""
    build = add_verb(verbs, "build", run_build, "compile a Julia file or package to an executable or library")
    build.add_argument("source", metavar="FILE.jl|PROJECT", help="a file, or a package directory")
    build.add_argument("--kind", choices=["exe", "lib", "sysimage"], default="exe")
    build.add_argument("--name", help="file name of the artifact (default: the source's)")
    build.add_argument("--out", metavar="DIR", help="where to put it (default: the cache)")
    build.add_argument("--entry", metavar="FUNCTION", help="function to run, when there is no @main")
    build.add_argument("--trim", choices=["no", "safe", "unsafe", "unsafe-warn"], default="no")
    build.add_argument("--bundle", action="store_true", help="put the shared libraries next to it")
    build.add_argument("--slim", action="store_true", help="leave out of the bundle what is not reached")
    build.add_argument("--cpu-target", dest="cpu_target", metavar="TARGET", help="as Julia's --cpu-target")
    build.add_argument("--backend", choices=["juliac", "juliac.jl", "packagecompiler", "sysimage"])

    run = add_verb(verbs, "run", run_run, "run an executable that was built here")
    run.add_argument("artifact", metavar="NAME|ID|PATH", help="a build's name or id (see builds), or a path")
    run.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="ARG", help="all that follows goes to the program"
    )
    run.add_argument("--seconds", type=float, default=60.0, help="stop it after so long")

    builds = add_verb(verbs, "builds", run_builds, "list what was built, newest first")
    builds.add_argument("--limit", type=int, default=20, metavar="N", help="how many at most")

    prune = add_verb(verbs, "prune", run_prune, "delete old builds from the cache")
    prune.add_argument("--days", type=float, metavar="D", help="those older than so many days")
    prune.add_argument(
        "--keep-mb", dest="keep_mb", type=float, metavar="MB", help="the oldest, down to this size"
    )


def run_build(args: argparse.Namespace, output: Output) -> int:
    """``build``: 0 when the artifact is there (and ran), 1 when a stage failed."""
    from jupyter_julia_aot.history import History
    from jupyter_julia_aot.pipeline import build_events

    recipe = recipe_of(args)
    seen: list[Event] = []
    out = Path(args.out) if args.out else None
    try:
        with History() as history:
            for event in build_events(recipe, julia=args.julia or "", out=out, history=history):
                seen.append(event)
                show_stage(event, output)
    except BuildError as error:
        output.result(build_json(seen, error))
        for line in error.log.splitlines()[-20:]:
            output.progress(f"  {line}")
        raise
    if seen[-1].kind == "run_finished" and seen[-1].data["status"] == "cancelled":
        output.result(build_json(seen, None))
        raise KeyboardInterrupt
    output.result(build_json(seen, None))
    result = _result(seen)
    if result is None:
        return ANSWER_IS_NO
    artifact = result.artifact
    output.line(f"{artifact.path}  ({artifact.bytes / 1e6:.2f} MB, {artifact.backend}, id {artifact.id})")
    if result.verified.ran:
        output.line(f"ran: exit code {result.verified.exit_code}")
        output.line(result.verified.stdout.rstrip())
    return SUCCEEDED


def recipe_of(args: argparse.Namespace) -> Recipe:
    """The recipe the options ask for. Raises :class:`SettingError` when the source is unusable."""
    from jupyter_julia_aot.pipeline.trying import read_text

    source = Path(args.source)
    if source.is_dir():
        if not (source / "Project.toml").is_file():
            raise SettingError(f"{source} has no Project.toml", remedy="give a Julia package, or one file")
        code, project, name = None, str(source.resolve()), source.resolve().name
    else:
        code, project, name = read_text(source, "FILE"), None, source.stem
    return Recipe(
        name=args.name or name,
        kind=args.kind,
        code=code,
        project=project,
        source_name=str(source),
        entry=args.entry,
        trim=args.trim,
        bundle=args.bundle,
        slim=args.slim,
        cpu_target=args.cpu_target,
        backend=args.backend,
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
        output.progress(f"{place}{d['severity']}: {d['message']}")


def _result(events: list[Event]) -> BuildResult | None:
    built = [e for e in events if e.kind == "built"]
    return from_json(BuildResult, built[-1].data["result"]) if built else None


def build_json(events: list[Event], error: BuildError | None) -> dict[str, Any]:
    """The contract's JSON for ``build``; ``artifact`` is null when it failed."""
    result = _result(events)
    if result is not None:
        value = to_json(result)
        return {key: value[key] for key in ("artifact", "stages", "cached", "verified", "diagnostics")}
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
        "error": error
        and {
            "type": "BuildError",
            "stage": error.stage,
            "message": error.message,
            "remedy": error.remedy,
        },
    }


def run_run(args: argparse.Namespace, output: Output) -> int:
    """``run``: passes on what the program prints; 0 when it exits with 0."""
    from jupyter_julia_aot.history import History
    from jupyter_julia_aot.pipeline.artifacts import find_executable, run_artifact

    arguments = list(args.arguments)
    # `run NAME --json -- …`: ours, if it stands right behind the name.
    if arguments[:1] == ["--json"]:
        output.as_json = bool(arguments.pop(0))
    if arguments[:1] == ["--"]:
        arguments.pop(0)
    with History() as history:
        path = find_executable(args.artifact, history)
    ran = run_artifact(path, tuple(arguments), timeout=args.seconds)
    output.result(to_json(ran))
    if not output.as_json:
        sys.stdout.write(ran.stdout)
        sys.stderr.write(ran.stderr)
        if ran.exit_code:
            output.progress(f"exit code {ran.exit_code}")
    return SUCCEEDED if ran.exit_code == 0 else ANSWER_IS_NO


def run_builds(args: argparse.Namespace, output: Output) -> int:
    """``builds``: the history's builds and whether the files are still there."""
    from jupyter_julia_aot.history import History

    with History() as history:
        entries = history.builds(limit=args.limit)
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
        output.line(f"{a.id}  {when}  {a.kind:4} {a.name:20} {a.bytes / 1e6:8.2f} MB  {a.path}{gone}")
    if not entries:
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
