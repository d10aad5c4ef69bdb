"""``%julia VERB``: the small commands."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from pathlib import Path

from jupyter_julia_aot.errors import SettingError
from jupyter_julia_aot.magics.arguments import MagicParser
from jupyter_julia_aot.magics.evaluating import evaluate
from jupyter_julia_aot.magics.notebook import Notebook
from jupyter_julia_aot.magics.running import compare_routes, setup_run, show_devices

SHOWN = 10


def run_command(notebook: Notebook, line: str) -> None:
    """Carry out ``%julia …``. Raises :class:`SettingError` for a verb that does not exist."""
    try:
        verb, *rest = shlex.split(line) or ["help"]
    except ValueError as error:
        raise SettingError(f"%julia: {error}: {line!r}", remedy="close the quotation") from error
    if verb in ("-h", "--help"):
        verb = "help"
    if verb not in COMMANDS:
        raise SettingError(f"%julia: no command {verb!r}", remedy=f"commands: {', '.join(COMMANDS)}")
    COMMANDS[verb](notebook, rest)


def _say(text: str = "") -> None:
    print(text)  # noqa: T201 - a line magic answers in text


def _accept(notebook: Notebook, words: list[str]) -> None:
    parser = MagicParser("%julia accept", "Make a candidate the notebook's function.")
    parser.add_argument("id", metavar="ID", help="a candidate's id, or the beginning of it")
    parser.add_argument("--trust", action="store_true", help="even if no test has proven it")
    args = parser.read_words(words)
    candidate = notebook.accept(args.id, trust=args.trust)
    _say(f"{candidate.name} is now candidate {candidate.id}; call {candidate.name}(…) from Python")


def _status(notebook: Notebook, words: list[str]) -> None:
    MagicParser("%julia status", "What works here and what is going on.").read_words(words)
    from jupyter_julia_aot.pipeline.doctor import doctor, doctor_lines

    report = doctor()
    for line in doctor_lines(report):
        _say(line)
    for name, candidate in notebook.accepted.items():
        _say(f"Function {name}  (candidate {candidate.id})")
    for job in notebook.jobs.running():
        _say(f"Job {job.number}    {job.title}, {job.seconds:.0f} s (stop: %julia stop {job.number})")
    for problem in report["problems"]:
        _say(f"✗ {problem['what']}\n  → {problem['remedy']}")


def _history(notebook: Notebook, words: list[str]) -> None:
    parser = MagicParser("%julia history", "Past runs, newest first.")
    parser.add_argument("search", nargs="*", help="only runs with these words")
    parser.add_argument("-n", type=int, default=SHOWN, help="how many")
    args = parser.read_words(words)
    runs = notebook.history.runs(limit=args.n, search=" ".join(args.search))
    for run in runs:
        when = time.strftime("%m-%d %H:%M", time.localtime(run.started))
        taken = run.accepted or run.selected or ""
        what = " ".join(run.request.split())[:40]
        came = f"{run.passed}/{run.candidates} passed" if run.candidates else ""
        ended = came if run.status == "done" and came else f"{run.status} {came}".rstrip()
        _say(f"{when}  {run.kind:8} {run.name:16} {ended:22} {taken:20}  {what}".rstrip())
    if not runs:
        _say("nothing found" if args.search else "nothing yet; try %%julia_gen")


def _builds(notebook: Notebook, words: list[str]) -> None:
    parser = MagicParser("%julia builds", "What was built, newest first.")
    parser.add_argument("-n", type=int, default=SHOWN, help="how many")
    entries = notebook.history.builds(limit=parser.read_words(words).n)
    for entry in entries:
        artifact = entry.result.artifact
        gone = "" if Path(artifact.path).exists() else "  (deleted)"
        size = f"{(artifact.bundle_bytes or artifact.bytes) / 1e6:.2f} MB"
        _say(f"{artifact.id}  {artifact.kind:4} {artifact.name:16} {size:>10}  {artifact.path}{gone}")
    from jupyter_julia_aot.history import left_out

    others = left_out(notebook.history.unreadable_builds())
    if others:
        _say(others)
    elif not entries:
        _say("nothing was built yet; try %%juliac")


def _run(notebook: Notebook, words: list[str]) -> None:
    if not words or words[0] in ("-h", "--help"):
        _say("usage: %julia run NAME|ID [ARG …]\n\nRun an executable that %%juliac built.")
        return
    from jupyter_julia_aot.pipeline.artifacts import find_executable, run_artifact

    path = find_executable(words[0], notebook.history)
    ran = run_artifact(path, tuple(words[1:]))
    if ran.stdout or ran.stderr:
        _say((ran.stdout + ran.stderr).rstrip())
    if ran.exit_code:
        _say(f"exit code {ran.exit_code}")


def _stop(notebook: Notebook, words: list[str]) -> None:
    parser = MagicParser("%julia stop", "Stop background jobs.")
    parser.add_argument("job", nargs="?", type=int, help="its number (default: all)")
    stopped = notebook.jobs.stop(parser.read_words(words).job)
    _say("\n".join(f"stopping {job.title}" for job in stopped) or "nothing is running in the background")


def _help(notebook: Notebook, words: list[str]) -> None:
    _say(HELP)


COMMANDS: dict[str, Callable[[Notebook, list[str]], None]] = {
    "accept": _accept,
    "status": _status,
    "history": _history,
    "builds": _builds,
    "run": _run,
    "stop": _stop,
    "setup-run": setup_run,
    "devices": show_devices,
    "compare": compare_routes,
    "eval": evaluate,
    "help": _help,
}

HELP = """\
%%julia_tests NAME   tests in the cell: Julia @test lines, or Python asserts
%%julia_gen NAME     the model writes NAME as the cell says; what passes the tests is bound
%%juliac NAME        compile the cell, or the accepted NAME when the cell is empty
%%julia NAME…        run the cell in Julia; Python variables in (-i) and out (-o), functions out (NAME)
%juliac_wheel NAME   a Python wheel of a library (%%juliac NAME --lib --bundle)
%%julia_trial        run the cell in a sandboxed Julia that can be stopped
%julia accept ID     take another candidate
%julia status        what works here, what is running
%julia history       what was asked before (words to search, -n)
%julia builds        what was compiled
%julia run NAME …    run what was compiled, with arguments
%julia stop          stop background jobs (--bg)
%julia setup-run     make Julia in this process ready, ahead of the first cell
%julia devices       GPUs, and what was tested on them (--install, --report)
%julia compare NAME  the same calls by every route; takes the fastest that is right
%julia eval TASKS    how often the model's answers pass a task set's tests: pass@k
%%reactant NAME      compile array code with Reactant (%reactant help)
Each magic explains its options with -h. Settings: %config JuliaAot, or JULIA_AOT_<NAME>."""
