"""Every view in every state, made of recorded events: for pictures, and to see that nothing sticks out."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_julia_aot.history import History
from jupyter_julia_aot.pipeline.compared import Comparison, RouteResult
from jupyter_julia_aot.pipeline.evaluation import Evaluation, Progress
from jupyter_julia_aot.records import (
    AbiEntry,
    Artifact,
    BuildResult,
    Candidate,
    Checks,
    Diagnostic,
    Event,
    Fault,
    Library,
    ModelInfo,
    Oracle,
    Prompt,
    Proof,
    Recipe,
    Sampling,
    Selection,
    StageTime,
    Trial,
    Usage,
    Verified,
    new_id,
    to_json,
)
from jupyter_julia_aot.widgets.build import BuildWidget
from jupyter_julia_aot.widgets.build_state import BuildState
from jupyter_julia_aot.widgets.comparison import comparison_html
from jupyter_julia_aot.widgets.evaluation import evaluation_html, progress_html
from jupyter_julia_aot.widgets.generation import GenerationWidget
from jupyter_julia_aot.widgets.state import GenerationState

RIGHT = """\
function moving_average(x::AbstractVector{<:Real}, k::Integer)
    # sums of everything up to i
    k > 0 || throw(ArgumentError("k must be positive, got $k"))
    sums = cumsum(vcat(zero(eltype(x)), x))
    return [(sums[i + k] - sums[i]) / k for i in 1:(length(x) - k + 1)]
end"""
WRONG = RIGHT.replace("vcat(zero(eltype(x)), x)", "x")
REQUEST = "The moving average of x over windows of k values, as a vector. Keep the element type."
FOLDER = "/home/ada/signals/spectral_norm"
LIBRARIES = {
    "libopenblas64_.so": 36_700_000,
    "libLLVM.so.18jl": 18_000_000,
    "libstdc++.so.6": 2_300_000,
    "libgmp.so.10": 1_100_000,
    "libpcre2-8.so": 700_000,
    "libjulia.so.1.12": 400_000,
    "libz.so.1": 120_000,
}


def event(kind: Any, at: float = 0.0, **data: Any) -> Event:
    return Event(run_id="01a21e353cc45c3a53fe", kind=kind, data=to_json(data), at=1000 + at)


def generation(state: str = "done") -> GenerationWidget:
    """``done``, ``running``, ``starting`` or ``failed``."""
    widget = GenerationWidget(
        GenerationState("moving_average", REQUEST), lambda do, candidate: "", stoppable=True
    )
    if state != "starting":
        tell_generation(widget.add, state)
    widget.refresh()
    return widget


def tell_generation(add: Callable[[Event], None], state: str) -> None:
    """The events of a generation that is ``done``, ``running`` or ``failed``."""
    model = ModelInfo(base_url="http://127.0.0.1:8080/v1", model="qwen3-coder-30b", source="discovered")
    oracle = Oracle(source="@test moving_average([1.0, 2.0, 3.0], 2) == [1.5, 2.5]")
    prompt = Prompt(name="moving_average", request=REQUEST, oracle=oracle)
    add(event("run_started", prompt=prompt, sampling=Sampling(n=8), model=model))
    if state == "failed":
        add(event("error", message="http://127.0.0.1:8080/v1 does not answer", remedy="start llama-server"))
        add(event("run_finished", status="failed", seconds=0.2))
        return
    ids = [new_id() for _ in range(6)]
    for index, (verdict, code, origin, parent) in enumerate(
        (
            ("error", WRONG, "model", None),
            ("failed", WRONG, "model", None),
            ("syntax", "function moving_average(x, k", "model", None),
            ("timeout", "while true end", "model", None),
            ("passed", RIGHT, "repair", ids[0]),
            ("passed", RIGHT.replace("::Integer", "::Int"), "idiom", ids[4]),
        )
    ):
        usage = Usage(prompt_tokens=412, completion_tokens=96, cached_tokens=380, seconds=0.9)
        add(event("answer", index=index, finish_reason="stop", usage=usage))
        notes = ("wrote ::Int for ::Integer",) if origin == "idiom" else ()
        made: dict[str, Any] = {"code": code, "origin": origin, "parent": parent, "notes": notes}
        add(event("candidate", candidate=Candidate(id=ids[index], name="moving_average", **made)))
        if state == "done" or index < 5:
            add(event("trial", trial=trial(ids[index], verdict)))
    if state == "done":
        add(event("selection", selection=Selection(candidate_id=ids[5], reason="passed", ranking=tuple(ids))))
        usage = Usage(prompt_tokens=2472, completion_tokens=576)
        add(event("run_finished", status="done", usage=usage, seconds=8.2))
        return
    remedy = "start it with OLLAMA_CONTEXT_LENGTH=32768"
    add(event("warning", message="Ollama cut the prompt: it read 2,048 of 5,120 tokens.", remedy=remedy))
    for index in (6, 7):
        add(event("token", index=index, text="function moving_average(x, k)\n    n = length(x)"))


def trial(candidate_id: str, verdict: Any) -> Trial:
    faults = {
        "error": Fault(type="BoundsError", message="attempt to access 3-element Vector at index [4]", line=5),
        "syntax": Fault(type="ParseError", message="premature end of input", line=1),
    }
    failures = ("moving_average([1.0, 2.0, 3.0], 2) == [1.5, 2.5]\n  evaluated: [1.5] == [1.5, 2.5]",)
    return Trial(
        candidate_id=candidate_id,
        verdict=verdict,
        seconds=0.42,
        error=faults.get(verdict),
        failures=failures if verdict == "failed" else (),
        checks=Checks(passed=2 if verdict == "passed" else 0, failed=int(verdict == "failed")),
        output="window 2\n" if verdict == "passed" else "",
    )


def build(state: str = "exe") -> BuildWidget:
    """``exe``, ``lib``, ``running`` or ``failed``."""
    more = {"download": lambda a: ("x", b""), "reveal": lambda a: "", "rebuild": lambda: None}
    source = "function (@main)(args)\n    x = parse_any(args)\nend"
    kind = "lib" if state == "lib" else "exe"
    widget = BuildWidget(
        BuildState("spectral_norm", kind, source), lambda *_: {}, lambda: None, stoppable=True, more=more
    )
    tell_build(widget.add, state, f"{FOLDER}/bin/spectral_norm")
    widget.refresh()
    return widget


def tell_build(add: Callable[[Event], None], state: str, path: str, sha256: str = "9f" * 32) -> None:
    """The events of a build."""
    kind = "lib" if state == "lib" else "exe"
    add(event("build_started", recipe=Recipe(name="spectral_norm", code="")))
    at = 0.0
    for name, seconds in (("check", 0.3), ("compile", 6.2), ("link", 0.8), ("bundle", 1.4)):
        add(event("stage", at, name=name, state="started", seconds=0.0))
        if name == "link" and state == "running":
            return
        if name == "link" and state == "failed":
            tell_refusal(add)
            return
        at += seconds
        add(event("stage", at, name=name, state="finished", seconds=seconds))
    abi = (
        AbiEntry(name="norm", symbol="norm", julia="norm(n::Int64)::Float64", c="double norm(int64_t n);"),
    )
    artifact = Artifact(
        id=new_id(),
        kind=kind,  # type: ignore[arg-type]
        name="spectral_norm",
        path=path,
        sha256=sha256,
        bytes=1_660_000,
        bundle_bytes=1_660_000 + sum(LIBRARIES.values()),
        libraries=tuple(Library(name=n, bytes=b, bundled=True) for n, b in LIBRARIES.items()),
        backend="juliac",
        julia="1.12.5",
        trim="safe",
        sbom=f"{FOLDER}/sbom.cdx.json",
        abi=abi if state == "lib" else (),
    )
    ran = Verified(ran=kind == "exe", exit_code=0, stdout="1.274219991\n", seconds=0.05, alone=True)
    stages = (StageTime(name="compile", seconds=6.2), StageTime(name="bundle", seconds=1.4))
    proof = Proof(checks="passed", calls=12, equal=True)
    add(event("built", result=BuildResult(artifact=artifact, verified=ran, proof=proof, stages=stages)))
    add(event("run_finished", status="done", seconds=8.7))


def tell_refusal(add: Callable[[Event], None]) -> None:
    """The end of a build that cannot be trimmed."""
    what = {"cause": "the type of x is not known when compiling", "remedy": "annotate it: x::Float64 = …"}
    said = "unresolved call from statement parse_any(args)::Any\nStacktrace:\n[1] main"
    found = Diagnostic(severity="error", message=said, file="cell.jl", line=2, **what)
    add(event("diagnostic", diagnostic=found))
    add(event("error", message="the program cannot be trimmed", remedy="--trim no, or fix the call"))
    add(event("run_finished", status="failed", seconds=7.1))


def comparison() -> str:
    """Four routes, of which one was not run."""

    def route(name: str, first: float, steady: float, megabytes: int) -> RouteResult:
        times = {"first_seconds": first, "steady_seconds": steady}
        done: dict[str, Any] = {"ran": True, "equal": True, "difference": 0.0, "oracle": "passed", **times}
        return RouteResult(route=name, memory_bytes=megabytes * 10**6, **done)

    why = "Reactant is not installed in this environment → %julia devices --install reactant"
    rows = (
        route("worker", 0.42, 2.3e-4, 180),
        route("juliacall", 0.05, 8.5e-7, 420),
        route("library", 0.002, 1.5e-7, 90),
        RouteResult(route="reactant", ran=False, reason=why),
    )
    return comparison_html(Comparison(name="moving_average", calls=24, rows=rows))


def evaluation(state: str = "done") -> str:
    """``done`` or ``running``."""
    if state == "running":
        at = Progress(done=610, total=1312, passed=401, harness_errors=0, elapsed=9.0, remaining=11.2)
        return progress_html("humaneval", "", at)
    names = ("has_close_elements", "separate_paren_groups", "truncate_number", "below_zero", "intersperse")
    bad: tuple[Any, ...] = ("failed", "error", "syntax", "timeout", "failed", "failed", "error", "failed")
    tasks = {f"{i:03}_{name}": (*("passed",) * (7 - i), *bad[: i + 1]) for i, name in enumerate(names)}
    faults = {"a worker was lost twice": 1}
    found = Evaluation(tasks=tasks, ks=(1, 8), faults=faults, wall_seconds=21.3, julia="1.12.5")
    return evaluation_html("humaneval", found)


def record(folder: Path) -> None:
    """A finished generation and two builds in the history, for pictures of the panel."""
    program = folder / "spectral_norm"
    program.write_bytes(b"\x7fELF" + bytes(1000))
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    with History(notebook="signals.ipynb") as history:

        def run(tell: Callable[[Callable[[Event], None]], None]) -> None:
            run_id = new_id()
            tell(lambda e: history.record(replace(e, run_id=run_id, at=time.time())))

        run(lambda add: tell_generation(add, "done"))
        run(lambda add: tell_build(add, "exe", str(program), digest))


if __name__ == "__main__":
    record(Path(sys.argv[1]))
