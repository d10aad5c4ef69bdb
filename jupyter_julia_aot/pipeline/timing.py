"""How fast the artifact is: next to ``julia FILE`` and to the same code under the warm JIT, in one run.

An executable is timed as a whole, from its start to its end, and so is ``julia FILE`` with the same
source and arguments, by turns, so that a busy moment of the machine falls on both. The JIT's row is the call
alone, in a Julia that runs already and has compiled it.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_julia_aot.errors import BuildError
from jupyter_julia_aot.records import Artifact, Recipe

ROUNDS = 7
_SECONDS = 120.0
# The program's own entry, called in a Julia that has compiled it: what it prints goes to the void.
_WARM = """
program, rounds, marker, arguments = ARGS[1], parse(Int, ARGS[2]), ARGS[3], ARGS[4:end]
module Program end
Base.include(Program, program)
entry = Base.invokelatest(getfield, Program, ENTRY)
times = Float64[]
open("/dev/null", "w") do void
    kept = stdout
    redirect_stdout(void)
    for _ in 1:(rounds + 1)
        began = time_ns()
        Base.invokelatest(entry, arguments)
        push!(times, (time_ns() - began) / 1e9)
    end
    redirect_stdout(kept)
end
println("\\n", marker, join(times[2:end], ","))
"""
_MARK = "julia-aot-times "


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One row: seconds, the median and the smallest and largest of ``rounds``."""

    what: str
    median: float
    least: float
    most: float
    rounds: int


def compare_times(
    artifact: Artifact, recipe: Recipe, arguments: Sequence[str] = (), *, julia: str = ""
) -> tuple[Timing, ...]:
    """Rows for the executable, for ``julia FILE``, and for the warm JIT.

    Raises :class:`BuildError` (stage ``compare``) for what is no executable of a cell or file, or when
    one of them does not run.
    """
    from jupyter_julia_aot.build import run_artifact
    from jupyter_julia_aot.pipeline.builds import choose_builder
    from jupyter_julia_aot.toolchain.find import julia_command, julia_environment
    from jupyter_julia_aot.toolchain.process import run

    if artifact.kind != "exe" or recipe.code is None:
        raise BuildError(
            "only an executable made of a cell or file is timed as a whole",
            stage="compare",
            remedy="for a library, time its calls: they are ordinary Python functions",
        )
    toolchain = choose_builder(recipe, julia)
    words = list(arguments) or ["--help"]
    with tempfile.TemporaryDirectory(prefix="julia-aot-compare-") as scratch:
        folder = Path(scratch) / "project"
        program, entry = _project(recipe, folder, julia)
        script = Path(scratch) / "run.jl"
        # Since 1.11 `julia FILE` calls @main by itself.
        calls = toolchain.version_tuple < (1, 11, 0)
        text = program.read_text(encoding="utf-8")
        runner = folder / "src" / "run.jl"
        runner.write_text(text + (f"\nexit({entry}(ARGS))\n" if calls else ""), encoding="utf-8")
        script.write_text(f"const ENTRY = Symbol({entry!r})\n".replace("'", '"') + _WARM, encoding="utf-8")
        environment = julia_environment(toolchain)

        def cold() -> float:
            command = julia_command(toolchain, f"--project={folder}", str(runner), *words)
            began = time.monotonic()
            ran = run(command, environment=environment, timeout=_SECONDS)
            seconds = time.monotonic() - began
            if ran.timed_out or ran.code not in (0, 2):
                raise BuildError(f"julia FILE failed ({ran.failure})", stage="compare", log=ran.stderr)
            return seconds

        rows = _turns({artifact.name: lambda: run_artifact(artifact, words).seconds, "julia FILE": cold})
        command = julia_command(
            toolchain, f"--project={folder}", str(script), str(program), str(ROUNDS), _MARK, *words
        )
        ran = run(command, environment=environment, timeout=_SECONDS)
        line = next((t for t in ran.stdout.splitlines() if t.startswith(_MARK)), None)
        if line is None:
            raise BuildError(f"the JIT did not run it ({ran.failure})", stage="compare", log=ran.stderr)
        rows.append(_row("JIT, warm, the call alone", list(map(float, line[len(_MARK) :].split(",")))))
    return tuple(rows)


def _project(recipe: Recipe, folder: Path, julia: str) -> tuple[Path, str]:
    from jupyter_julia_aot.build.project import write_project
    from jupyter_julia_aot.pipeline.builds import choose_builder
    from jupyter_julia_aot.toolchain import installation

    project = write_project(recipe, installation(choose_builder(recipe, julia)), folder)
    assert project.script is not None  # noqa: S101 - a cell or file always has one
    return project.script, project.entry


def _turns(what: dict[str, Callable[[], float]]) -> list[Timing]:
    seconds: dict[str, list[float]] = {name: [] for name in what}
    for _ in range(ROUNDS):
        for name, action in what.items():
            seconds[name].append(action())
    return [_row(name, values) for name, values in seconds.items()]


def _row(what: str, seconds: list[float]) -> Timing:
    return Timing(
        what=what,
        median=statistics.median(seconds),
        least=min(seconds),
        most=max(seconds),
        rounds=len(seconds),
    )


def times_table(rows: Sequence[Timing]) -> str:
    """The rows as text."""
    width = max(len(row.what) for row in rows)
    return "\n".join(
        f"  {row.what:{width}}  {row.median:10.6f} s  ({row.least:.6f} – {row.most:.6f}, {row.rounds} runs)"
        for row in rows
    )
