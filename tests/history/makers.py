"""Events of made-up runs, in the order the pipeline yields them."""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_julia_aot.records import (
    Candidate,
    Checks,
    Event,
    EventKind,
    Fault,
    ModelInfo,
    Oracle,
    Prompt,
    Sampling,
    Selection,
    Trial,
    Usage,
    Verdict,
    new_id,
    to_json,
)

MODEL = ModelInfo(base_url="http://127.0.0.1:1/v1", model="smollm2", source="embedded", server="embedded")


def event(run_id: str, kind: EventKind, /, at: float | None = None, **data: object) -> Event:
    payload = {key: to_json(value) for key, value in data.items()}
    return (
        Event(run_id=run_id, kind=kind, data=payload)
        if at is None
        else Event(run_id=run_id, kind=kind, data=payload, at=at)
    )


def candidate(name: str, code: str, **more: object) -> Candidate:
    return Candidate(**{"id": new_id(), "name": name, "code": code, "origin": "model", **more})  # type: ignore[arg-type]


def trial(of: Candidate, verdict: Verdict) -> Trial:
    good = verdict == "passed"
    return Trial(
        candidate_id=of.id,
        verdict=verdict,
        checks=Checks(passed=3) if good else Checks(passed=1, failed=2),
        seconds=0.02,
        run_seconds=0.01,
        error=None if good else Fault(type="MethodError", message="no method matching len", line=2),
        julia="1.12.5",
    )


def run_events(
    name: str = "mean",
    verdicts: tuple[Verdict, ...] = ("failed", "passed"),
    *,
    run_id: str = "",
    at: float = 1_790_000_000.0,
    finish: bool = True,
    request: str = "",
) -> Iterator[Event]:
    run_id = run_id or new_id()
    prompt = Prompt(
        name=name,
        request=request or f"the {name} of a vector",
        oracle=Oracle(source=f"@test {name}([1]) == 1"),
    )
    yield event(
        run_id, "run_started", at, prompt=prompt, sampling=Sampling(n=len(verdicts), seed=7), model=MODEL
    )
    chosen = None
    for index, verdict in enumerate(verdicts):
        yield event(run_id, "token", at, index=index, text="function")
        usage = Usage(prompt_tokens=100, completion_tokens=20, cached_tokens=80, seconds=0.5)
        yield event(run_id, "answer", at, index=index, finish_reason="stop", usage=usage)
        made = candidate(name, f"function {name}(v)\n    {verdict}_{index}(v) ÷ 2\nend")
        yield event(run_id, "candidate", at, candidate=made)
        yield event(run_id, "trial", at, trial=trial(made, verdict))
        chosen = made.id if verdict == "passed" else chosen
    yield event(run_id, "selection", at, selection=Selection(candidate_id=chosen, reason="passed all checks"))
    if finish:
        count = len(verdicts)
        total = Usage(
            prompt_tokens=100 * count, completion_tokens=20 * count, cached_tokens=80 * count, seconds=0.5
        )
        yield event(run_id, "run_finished", at + 2, status="done", usage=total, seconds=2.0)
