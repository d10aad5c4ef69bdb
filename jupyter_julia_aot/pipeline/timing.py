"""How fast the artifact is: next to ``julia FILE`` and to the same code under the warm JIT, in one run.

An executable is timed as a whole, from its start to its end, and so is ``julia FILE`` with the same
source and arguments, by turns, so that a busy moment of the machine falls on both. The JIT's row is the call
alone, in a Julia that runs already and has compiled it.
"""

from __future__ import annotations

import statistics
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from jupyter_julia_aot.errors import BuildError
from jupyter_julia_aot.pipeline.compared import seconds
from jupyter_julia_aot.records import Artifact, Recipe, Timing

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


def compare_times(
    artifact: Artifact,
    recipe: Recipe,
    arguments: Sequence[str] = (),
    *,
    julia: str = "",
    cancel: threading.Event | None = None,
) -> tuple[Timing, ...]:
    """Rows for the executable, for ``julia FILE``, and for the warm JIT (not of a program that ends itself).

    Raises :class:`BuildError` (stage ``compare``) for what is no executable, or when ``julia FILE`` does
    not end as the executable does; :class:`Cancelled` when stopped.
    """
    from jupyter_julia_aot.build import run_artifact
    from jupyter_julia_aot.pipeline.builds import choose_builder
    from jupyter_julia_aot.toolchain.find import julia_command, julia_environment
    from jupyter_julia_aot.toolchain.process import run

    if artifact.kind != "exe":
        raise BuildError(
            "only an executable is timed as a whole",
            stage="compare",
            remedy="for a library, time its calls: they are ordinary Python functions",
        )
    toolchain = choose_builder(recipe, julia)
    with tempfile.TemporaryDirectory(prefix="julia-aot-compare-") as scratch:
        folder = Path(scratch) / "project"
        program, entry, generated = _project(recipe, folder, julia)
        words = list(arguments) or (["--help"] if generated else [])
        script = Path(scratch) / "run.jl"
        # Since 1.11 `julia FILE` calls @main by itself; a package's has to be called.
        calls = recipe.code is None or toolchain.version_tuple < (1, 11, 0)
        text = program.read_text(encoding="utf-8")
        runner = folder / "src" / "julia_aot_run.jl"
        runner.write_text(text + (f"\nexit({entry}(ARGS))\n" if calls else ""), encoding="utf-8")
        script.write_text(f"const ENTRY = Symbol({entry!r})\n".replace("'", '"') + _WARM, encoding="utf-8")
        environment = julia_environment(toolchain)

        ends = run_artifact(artifact, words, timeout=_SECONDS, cancel=cancel).exit_code

        def cold() -> float:
            command = julia_command(toolchain, f"--project={folder}", str(runner), *words)
            ran = run(command, environment=environment, timeout=_SECONDS, cancel=cancel)
            if ran.timed_out or ran.code != ends:
                raise BuildError(f"julia FILE failed ({ran.failure})", stage="compare", log=ran.stderr)
            return ran.seconds

        def ours() -> float:
            return run_artifact(artifact, words, timeout=_SECONDS, cancel=cancel).seconds

        rows = _turns({artifact.name: ours, "julia FILE": cold})
        command = julia_command(
            toolchain, f"--project={folder}", str(script), str(program), str(ROUNDS), _MARK, *words
        )
        ran = run(command, environment=environment, timeout=_SECONDS, cancel=cancel)
        line = next((t for t in ran.stdout.splitlines() if t.startswith(_MARK)), None)
        if line is not None:
            rows.append(_row("JIT, warm, the call alone", list(map(float, line[len(_MARK) :].split(",")))))
    return tuple(rows)


def _project(recipe: Recipe, folder: Path, julia: str) -> tuple[Path, str, bool]:
    """The program as one file in ``folder``, its entry, and whether that is one of ours."""
    from jupyter_julia_aot.build.project import write_project
    from jupyter_julia_aot.pipeline.builds import choose_builder
    from jupyter_julia_aot.toolchain import installation

    project = write_project(recipe, installation(choose_builder(recipe, julia)), folder)
    if project.script is not None:
        return project.script, project.entry, project.generated_entry
    program = folder / "src" / "julia_aot_program.jl"
    program.write_text(f"using {project.module}: {project.module}, {project.entry}\n", encoding="utf-8")
    return program, project.entry, False


def _turns(what: dict[str, Callable[[], float]]) -> list[Timing]:
    times: dict[str, list[float]] = {name: [] for name in what}
    for _ in range(ROUNDS):
        for name, action in what.items():
            times[name].append(action())
    return [_row(name, values) for name, values in times.items()]


def _row(what: str, times: list[float]) -> Timing:
    return Timing(
        what=what,
        median=statistics.median(times),
        least=min(times),
        most=max(times),
        rounds=len(times),
    )


def times_table(rows: Sequence[Timing]) -> str:
    """The rows as text."""
    width = max(len(row.what) for row in rows)
    return "\n".join(
        f"  {row.what:{width}}  {seconds(row.median):>8}  "
        f"({seconds(row.least)} – {seconds(row.most)}, {row.rounds} runs)"
        for row in rows
    )
