"""``gen`` and ``try``: from words, or from code, to a verdict."""

from __future__ import annotations

import argparse
from typing import Any

from jupyter_julia_aot.cli.command import ANSWER_IS_NO, SUCCEEDED, Output
from jupyter_julia_aot.cli.options import Verbs, add_model_options, add_trial_options, add_verb, recorded
from jupyter_julia_aot.records import Candidate, Event, Selection, Trial, Usage, from_json, to_json


def add_verbs(verbs: Verbs) -> None:
    """Register ``gen`` and ``try``."""
    gen = add_verb(verbs, "gen", run_gen, "ask the model for a Julia function and prove it by tests")
    gen.add_argument("request", metavar="TEXT", help="what the function shall do")
    gen.add_argument("--name", required=True, help="the function's name")
    gen.add_argument("--tests", metavar="FILE", help="Julia @test lines, or Python asserts in a .py file")
    gen.add_argument("--signature", metavar="SIG", help="such as 'f(x::Vector{Float64})::Float64'")
    gen.add_argument("-n", dest="samples", type=int, metavar="N", help="how many candidates")
    gen.add_argument("--repair", type=int, metavar="N", help="rounds in which errors go back to the model")
    gen.add_argument("--first", action="store_true", help="stop asking when one candidate has passed")
    gen.add_argument("--reactant", action="store_true", help="ask for traceable, array-style code")
    add_model_options(gen)
    add_trial_options(gen)

    attempt = add_verb(verbs, "try", run_try, "run Julia code in the sandbox and judge it by tests")
    attempt.add_argument("code", metavar="CODE.jl", help="the code")
    attempt.add_argument("--tests", metavar="FILE", help="Julia @test lines, or Python asserts in a .py file")
    attempt.add_argument("--name", default="", help="the function under test (needed for Python asserts)")
    add_trial_options(attempt)


def run_gen(args: argparse.Namespace, output: Output) -> int:
    """``gen``: 0 when a candidate was selected, 1 when none passed."""
    from jupyter_julia_aot.pipeline import Options, check_name, generate, read_oracle
    from jupyter_julia_aot.records import Prompt

    prompt = Prompt(
        name=check_name(args.name, "--name"),
        request=args.request,
        oracle=read_oracle(args.tests) if args.tests else None,
        signature=args.signature,
        reactant=args.reactant,
    )
    if prompt.oracle is None:
        output.progress("no --tests were given: what is written is defined once, and proven by nothing")
    summary = Summary()
    with recorded(output) as history:
        for event in generate(prompt, Options.of(seed=args.seed, first=args.first), history=history):
            summary.add(event)
            _show_progress(event, output, summary)
    output.result(summary.to_json())
    if summary.status == "cancelled":
        raise KeyboardInterrupt
    chosen = summary.candidates.get(summary.selected or "")
    if chosen is None:
        output.line(summary.reason)
        return ANSWER_IS_NO
    output.line(chosen.code)
    return SUCCEEDED


class Summary:
    """What a stream of events came to."""

    def __init__(self) -> None:
        self.run_id = ""
        self.candidates: dict[str, Candidate] = {}
        self.trials: dict[str, Trial] = {}
        self.selected: str | None = None
        self.reason = ""
        self.status = ""
        self.usage = Usage()
        self.seconds = 0.0

    def add(self, event: Event) -> None:
        """Take in one event."""
        self.run_id = event.run_id
        if event.kind == "candidate":
            candidate = from_json(Candidate, event.data["candidate"])
            self.candidates[candidate.id] = candidate
        elif event.kind == "trial":
            trial = from_json(Trial, event.data["trial"])
            self.trials[trial.candidate_id] = trial
        elif event.kind == "selection":
            selection = from_json(Selection, event.data["selection"])
            self.selected, self.reason = selection.candidate_id, selection.reason
        elif event.kind == "run_finished":
            self.status = event.data["status"]
            self.usage = from_json(Usage, event.data["usage"])
            self.seconds = event.data["seconds"]

    def to_json(self) -> dict[str, Any]:
        """The contract's JSON for ``gen``."""
        return {
            "run_id": self.run_id,
            "status": self.status,
            "candidates": [self._candidate(c) for c in self.candidates.values()],
            "selected": self.selected,
            "reason": self.reason,
            "tokens": {
                "prompt": self.usage.prompt_tokens,
                "completion": self.usage.completion_tokens,
                "cached": self.usage.cached_tokens,
            },
            "seconds": round(self.seconds, 3),
        }

    def _candidate(self, candidate: Candidate) -> dict[str, Any]:
        trial = self.trials.get(candidate.id)
        return {
            "id": candidate.id,
            "code": candidate.code,
            "origin": candidate.origin,
            "parent": candidate.parent,
            "notes": list(candidate.notes),
            "verdict": trial.verdict if trial else None,
            **({k: v for k, v in trial_json(trial).items() if k != "verdict"} if trial else {}),
        }


def trial_json(trial: Trial) -> dict[str, Any]:
    """The contract's JSON for ``try``."""
    return {
        "verdict": trial.verdict,
        "checks": to_json(trial.checks),
        "seconds": round(trial.seconds, 4),
        "output": trial.output,
        "error": to_json(trial.error),
        "failures": list(trial.failures),
    }


def _show_progress(event: Event, output: Output, summary: Summary) -> None:
    if event.kind == "stage" and event.data["state"] == "started":
        output.progress(f"… {event.data['name']}")
    elif event.kind == "run_started":
        model = event.data["model"]
        output.progress(
            f"model {model['model']} ({model['source']}), {event.data['sampling']['n']} candidates"
        )
    elif event.kind == "trial":
        trial = summary.trials[event.data["trial"]["candidate_id"]]
        origin = summary.candidates[trial.candidate_id].origin
        output.progress(f"{trial.candidate_id} {origin:6} {describe(trial)}")
    elif event.kind == "warning":
        remedy = event.data["remedy"]
        output.progress(f"warning: {event.data['message']}{remedy and f' → {remedy}'}")
    elif event.kind == "selection":
        output.progress(
            f"selected {summary.selected}: {summary.reason}" if summary.selected else "none passed"
        )


def describe(trial: Trial) -> str:
    """A verdict in one line."""
    checks = trial.checks
    text = f"{trial.verdict:8} {checks.passed}/{checks.passed + checks.failed} checks, {trial.seconds:.2f} s"
    if trial.error is not None:
        first = (trial.error.message.splitlines() or [""])[0].removeprefix(f"{trial.error.type}: ")
        placed = trial.error.line is None or f"line {trial.error.line}," in first
        where = "" if placed else f" (line {trial.error.line})"
        text += f" — {trial.error.type}{where}: {first}"
    return text


def run_try(args: argparse.Namespace, output: Output) -> int:
    """``try``: 0 when it passed, 1 for every other verdict."""
    from jupyter_julia_aot.pipeline import read_oracle, try_code
    from jupyter_julia_aot.pipeline.trying import read_text

    code = read_text(args.code, "CODE")
    oracle = read_oracle(args.tests) if args.tests else None
    with recorded(output) as history:
        trial = try_code(code, oracle, name=args.name, history=history)
    output.result(trial_json(trial))
    output.line(describe(trial))
    for failure in trial.failures:
        output.line(f"  {failure}")
    if trial.output:
        output.line(trial.output.rstrip())
    return SUCCEEDED if trial.verdict == "passed" else ANSWER_IS_NO
