"""``%%juliac``: build a cell or an accepted function, and show how it goes."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_julia_aot.errors import Cancelled, JuliaAotError
from jupyter_julia_aot.magics.jobs import stoppable
from jupyter_julia_aot.magics.notebook import Notebook
from jupyter_julia_aot.magics.screen import Screen
from jupyter_julia_aot.records import Event, Recipe, to_json
from jupyter_julia_aot.widgets.build_state import BuildState


def run_build(notebook: Notebook, args: argparse.Namespace, cell: str) -> None:
    """Carry out ``%%juliac``. Raises what the build raises."""
    from jupyter_julia_aot.pipeline import check_name
    from jupyter_julia_aot.pipeline.artifacts import keep_project
    from jupyter_julia_aot.pipeline.build_options import compared_with, out_folder, recipes

    check_name(args.name, "%%juliac")
    from_cell = bool(cell.strip())
    code = cell if from_cell else notebook.accepted_code(args.name)
    wanted = recipes(
        args,
        name=args.name,
        kind=args.kind or "exe",
        code=code,
        project=None,
        source_name="cell" if from_cell else args.name,
        folder=str(Path.cwd()) if from_cell else None,
    )
    if args.project_out:
        folder = keep_project(wanted[0], args.project_out, args.julia or "")
        print(f"the package is in {folder}")  # noqa: T201 - a magic answers in text
    for recipe in wanted:
        building = Building(notebook, recipe, args.julia or "", out_folder(args, recipe), compared_with(args))
        building.show(stoppable=args.bg)
        if args.bg:
            building.job = notebook.jobs.start(f"%%juliac {args.name}", building.run, building.run_id)
        else:
            stoppable(building.run, building.run_id)


class Building:
    """One build and its view."""

    def __init__(
        self,
        notebook: Notebook,
        recipe: Recipe,
        julia: str,
        out: Path | None,
        compare: list[str] | None = None,
    ) -> None:
        self.notebook = notebook
        self.recipe = recipe
        self.julia = julia
        self.out = out
        self.compare = compare
        self.job: Any = None
        self.fresh = False
        self.state = BuildState(recipe.name, recipe.kind, recipe.code or "")

    def show(self, *, stoppable: bool) -> None:
        """Show the empty view."""

        def widget() -> Any:
            from jupyter_julia_aot.pipeline.artifacts import packed, reveal
            from jupyter_julia_aot.widgets.build import BuildWidget

            more: dict[str, Callable[..., Any]] = {
                "download": packed,
                "reveal": reveal,
                "rebuild": self.again,
            }
            return BuildWidget(self.state, run_program, self.stop, stoppable=stoppable, more=more)

        self.screen = Screen(self.notebook.shell, self.state, widget)

    def run_id(self) -> str:
        """Its id in the history; empty until it has begun."""
        return str(self.state.head["run_id"])

    def stop(self) -> None:
        """What the view's stop button does."""
        if self.job is not None:
            self.job.cancel.set()

    def again(self) -> None:
        """What the view's rebuild button does: the same once more, in the background, not from the cache."""
        if self.state.head["status"] == "running":
            return
        self.state.restart()
        self.fresh = True
        self.job = self.notebook.jobs.start(f"%%juliac {self.recipe.name}", self.run, self.run_id)

    def run(self, cancel: threading.Event) -> None:
        """Build and show the stages. Raises what the pipeline raises."""
        from jupyter_julia_aot.pipeline import build_events

        events = build_events(
            self.recipe,
            julia=self.julia,
            out=self.out,
            history=self.notebook.history,
            cancel=cancel,
            oracle=self.notebook.oracles.get(self.recipe.name),
            fresh=self.fresh,
            compare=self.compare,
        )
        try:
            for event in events:
                self.screen.add(event)
                if event.kind == "built":
                    bind_library(self.notebook, event.data["result"])
        except KeyboardInterrupt:
            # It hit the view rather than the pipeline, which now stops and records that it did.
            events.close()  # type: ignore[attr-defined]
            self._finished("cancelled")
        except JuliaAotError as error:
            if self.state.head["status"] == "running":
                self.state.head.update(status="failed", message=error.message, remedy=error.remedy)
            raise
        finally:
            self.screen.finish()
        if self.state.head["status"] == "cancelled":
            raise Cancelled(f"%%juliac {self.recipe.name} was stopped")

    def _finished(self, status: str) -> None:
        data = {"status": status, "seconds": self.state.head["seconds"]}
        self.screen.add(Event(run_id=self.state.head["run_id"], kind="run_finished", data=data))


def bind_library(notebook: Notebook, data: dict[str, Any]) -> None:
    """Make the functions of a library that was built functions of the notebook."""
    from jupyter_julia_aot.records import BuildResult, from_json

    artifact = from_json(BuildResult, to_json(data)).artifact
    if artifact.binding is None:
        return
    from jupyter_julia_aot.pipeline.artifacts import open_library

    # The thread that opens a library is the one that may call it: the notebook's own, not a job's.
    here = threading.current_thread() is threading.main_thread()
    library = open_library(artifact, route="auto" if here else "helper")
    public = [name for name in vars(library) if name not in ("functions", "route")]
    notebook.shell.user_ns.update({name: library[name] for name in public if name != "JuliaError"})
    where = "" if library.route == "process" else ", in a process of its own (arrays are copied)"
    print(f"callable from Python: {', '.join(library.functions)}{where}")  # noqa: T201


def run_wheel(notebook: Notebook, args: argparse.Namespace) -> None:
    """Carry out ``%juliac_wheel``. Raises what :func:`pipeline.artifacts.make_wheel` raises."""
    from jupyter_julia_aot.pipeline.artifacts import find_library, make_wheel

    artifact = find_library(args.name, notebook.history)
    wheel = make_wheel(artifact, Path(args.out), version=args.version)
    print(f"{wheel}  ({wheel.stat().st_size / 1e6:.1f} MB)\npip install {wheel.name}")  # noqa: T201


def run_program(path: str, arguments: list[str], stdin: str, cancel: threading.Event) -> dict[str, Any]:
    """Run a built executable for the view's run button, until it ends or ``cancel`` is set."""
    from jupyter_julia_aot.pipeline.artifacts import run_artifact

    try:
        ran = run_artifact(path, tuple(arguments), stdin=stdin.encode(), cancel=cancel)
    except JuliaAotError as error:
        return {"error": str(error)}
    value: dict[str, Any] = to_json(ran)
    return value
