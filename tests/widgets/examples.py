"""Events of a made-up run, some of them hostile."""

from __future__ import annotations

from typing import Any

from jupyter_julia_aot.records import (
    Artifact,
    BuildResult,
    Candidate,
    Checks,
    Diagnostic,
    Event,
    EventKind,
    Fault,
    Library,
    ModelInfo,
    Sampling,
    Selection,
    Trial,
    Usage,
    Verified,
    to_json,
)
from jupyter_julia_aot.widgets.build_state import BuildState
from jupyter_julia_aot.widgets.state import GenerationState

HOSTILE = "</pre></details><script>alert(1)</script><img src=x onerror=alert(2)>\" onload='x' &lt;"


def event(kind: EventKind, at: float = 0.0, **data: Any) -> Event:
    return Event(run_id="r1", kind=kind, data={k: to_json(v) for k, v in data.items()}, at=1000 + at)


def candidate(number: int, code: str, **more: Any) -> Event:
    values: dict[str, Any] = {"origin": "model", **more}
    return event("candidate", candidate=Candidate(id=f"c{number}", name="cube", code=code, **values))


def trial(number: int, verdict: Any, **more: Any) -> Event:
    return event("trial", trial=Trial(candidate_id=f"c{number}", verdict=verdict, **more))


def generation_events(text: str = "plain") -> list[Event]:
    """A run with a failing answer, its rewrite that passes, and an answer without Julia."""
    return [
        event(
            "run_started",
            sampling=Sampling(n=2),
            model=ModelInfo(base_url="http://x", model=text, source="embedded"),
        ),
        event("token", index=0, text="cube(x) = "),
        event("token", index=0, text="x ** 3"),
        event("answer", index=0, finish_reason="stop", usage=Usage(prompt_tokens=10, completion_tokens=5)),
        candidate(1, f"cube(x) = x ** 3 # {text}"),
        event("answer", index=1, finish_reason="length", usage=Usage(prompt_tokens=10, completion_tokens=7)),
        event("warning", message=f"answer 2 holds no Julia {text}", remedy=text),
        trial(
            1,
            "syntax",
            error=Fault(type=f"ParseError{text}", message=text, line=1),
            failures=(text,),
            output=text,
            checks=Checks(failed=3),
        ),
        candidate(2, f"cube(x) = x ^ 3 # {text}", origin="idiom", parent="c1", notes=(text,)),
        trial(2, "passed", checks=Checks(passed=3), seconds=0.25, output=text),
        event("selection", selection=Selection(candidate_id="c2", reason=text, ranking=("c2", "c1"))),
        event(
            "run_finished",
            status="done",
            usage=Usage(prompt_tokens=20, completion_tokens=12),
            seconds=1.5,
        ),
    ]


def generation(text: str = "plain", name: str = "cube") -> GenerationState:
    state = GenerationState(name, text)
    for one in generation_events(text):
        state.add(one)
    return state


def build_events(text: str = "plain", *, fails: bool = False) -> list[Event]:
    events = [
        event("build_started"),
        event("stage", name=f"compile {text}", state="started", seconds=0.0),
        event("stage", at=2, name=f"compile {text}", state="finished", seconds=2.0),
        event("diagnostic", diagnostic=Diagnostic(severity="error", message=text, file=text, line=2)),
    ]
    if fails:
        return [
            *events,
            event("stage", name="link", state="started", seconds=0.0),
            event("error", type="BuildError", message=text, remedy=text),
            event("run_finished", status="failed", seconds=2.5),
        ]
    artifact = Artifact(
        id="a1",
        kind="exe",
        name=text,
        path=f"/tmp/{text}",
        sha256="ab" * 32,
        bytes=1_720_000,
        bundle_bytes=61_000_000,
        libraries=(Library(name=text, bytes=35_000_000, bundled=True),),
        backend=text,
        julia="1.12.5",
    )
    verified = Verified(ran=True, exit_code=0, stdout=text, stderr=text, seconds=0.05)
    return [
        *events,
        event("built", result=BuildResult(artifact=artifact, verified=verified, backend_reason=text)),
        event("run_finished", status="done", seconds=2.5),
    ]


def build(text: str = "plain", *, fails: bool = False) -> BuildState:
    state = BuildState(text, "exe", f"first line\nsecond {text}")
    for one in build_events(text, fails=fails):
        state.add(one)
    return state
