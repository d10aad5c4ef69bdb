"""``%%julia_gen``: run the pipeline, show it, bind what was proven."""

from __future__ import annotations

import argparse
import threading
from typing import TYPE_CHECKING, Any

from jupyter_julia_aot.errors import Cancelled, JuliaAotError, NoCandidateError, SettingError
from jupyter_julia_aot.magics.jobs import stoppable
from jupyter_julia_aot.magics.notebook import Notebook
from jupyter_julia_aot.magics.screen import Screen
from jupyter_julia_aot.records import Candidate, Event, Prompt, from_json
from jupyter_julia_aot.widgets.state import GenerationState

if TYPE_CHECKING:
    from jupyter_julia_aot.pipeline import Options


def run_generation(notebook: Notebook, args: argparse.Namespace, cell: str) -> None:
    """Carry out ``%%julia_gen``. Raises :class:`NoCandidateError` when nothing was proven."""
    from jupyter_julia_aot.pipeline import Options, check_name

    where = f"%%julia_gen {args.name}"
    check_name(args.name, "%%julia_gen")
    if not cell.strip():
        raise SettingError(f"{where}: the cell is empty", remedy="say in the cell what the function shall do")
    prompt = Prompt(
        name=args.name,
        request=cell.strip(),
        oracle=notebook.oracle(args.name, args.tests),
        signature=args.signature,
        reactant=args.reactant,
    )
    names = ("samples", "repair", "temperature", "max_tokens", "model", "base_url", "julia", "sandbox")
    given = {
        n: getattr(args, n) for n in (*names, "trial_seconds", "trial_memory_mb", "trust", "seed", "first")
    }
    generation = Generation(notebook, prompt, Options.of(**given), accept=not args.no_accept)
    generation.show(stoppable=args.bg)
    if args.bg:
        generation.job = notebook.jobs.start(where, generation.run, generation.run_id)
    else:
        stoppable(generation.run, generation.run_id)


class Generation:
    """One generation and its view."""

    def __init__(self, notebook: Notebook, prompt: Prompt, options: Options, *, accept: bool) -> None:
        self.notebook = notebook
        self.prompt = prompt
        self.options = options
        self.accept = accept
        self.job: Any = None
        self.candidates: dict[str, Candidate] = {}
        self.state = GenerationState(prompt.name, prompt.request, proven=prompt.oracle is not None)

    def show(self, *, stoppable: bool) -> None:
        """Show the empty view."""

        def widget() -> Any:
            from jupyter_julia_aot.widgets.generation import GenerationWidget

            return GenerationWidget(self.state, self.act, stoppable=stoppable)

        self.screen = Screen(self.notebook.shell, self.state, widget)

    def run_id(self) -> str:
        """Its id in the history; empty until it has begun."""
        return str(self.state.head["run_id"])

    def act(self, do: str, candidate_id: str) -> str:
        """What a button in the view does; returns what to tell the user."""
        if do == "stop":
            if self.job is not None:
                self.job.cancel.set()
            return "stopping…"
        try:
            candidate = self.notebook.accept(candidate_id, trust=self.options.trust, julia=self.options.julia)
        except JuliaAotError as error:
            return str(error)
        self.state.head["accepted"] = candidate.id
        return f"{candidate.name} is now candidate {candidate.id}; call {candidate.name}(…) from Python"

    def run(self, cancel: threading.Event) -> None:
        """Generate, then bind the selection. Raises what the pipeline raises."""
        from jupyter_julia_aot.pipeline import generate

        events = generate(self.prompt, self.options, history=self.notebook.history, cancel=cancel)
        try:
            for event in events:
                self.screen.add(event)
                if event.kind == "candidate":
                    candidate = from_json(Candidate, event.data["candidate"])
                    self.candidates[candidate.id] = candidate
            if self.state.head["status"] == "cancelled":
                raise Cancelled(self._stopped())
            self._conclude()
        except KeyboardInterrupt:
            # It hit the view rather than the pipeline, which now stops and records that it did.
            events.close()  # type: ignore[attr-defined]
            self._finished("cancelled")
            raise Cancelled(self._stopped()) from None
        finally:
            self.screen.finish()

    def _finished(self, status: str) -> None:
        data = {"status": status, "seconds": self.state.head["seconds"], "usage": None}
        self.screen.add(Event(run_id=self.state.head["run_id"], kind="run_finished", data=data))

    def _stopped(self) -> str:
        count = len(self.state.rows)
        kept = f"; {count} candidates are kept in the history" if count else ""
        return f"%%julia_gen {self.prompt.name} was stopped{kept}"

    def _conclude(self) -> None:
        chosen = self.state.head["selected"]
        if chosen is None:
            count = len(self.state.rows)
            tried = f"none of {count} candidates passed" if count else "the model wrote no Julia"
            raise NoCandidateError(
                f"%%julia_gen {self.prompt.name}: {tried}",
                remedy="say it differently, ask for more candidates (-n), or use a larger model",
            )
        proven = self.prompt.oracle is not None
        if not self.accept or not (proven or self.options.trust):
            return
        candidate = self.notebook.take(self.candidates[chosen], self.run_id(), self.options.julia)
        self.state.head["accepted"] = chosen
        if self.prompt.reactant:
            self._try_traced(candidate.code)

    def _try_traced(self, code: str) -> None:
        """Say whether Reactant compiles it and gives the same; if so, that is what Python calls."""
        from jupyter_julia_aot.pipeline.tracing import try_traced

        name = self.prompt.name
        function, said = try_traced(name, code, self.prompt.oracle, self.options.julia)
        print(said, flush=True)  # noqa: T201 - beside the view
        if function is not None:
            self.notebook.shell.user_ns[function.__name__] = function
            self.notebook.reactants[name] = function
