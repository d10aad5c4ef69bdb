"""A history filled with known events, and the contract files both sides read."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from jupyter_julia_aot.history import History
from jupyter_julia_aot.records import (
    Artifact,
    BuildResult,
    Candidate,
    Checks,
    Event,
    Fault,
    Library,
    ModelInfo,
    Oracle,
    Prompt,
    Recipe,
    Sampling,
    Selection,
    Trial,
    Usage,
    new_id,
    to_json,
)

CONTRACT = Path(__file__).parents[1] / "contract"

T = TypeVar("T")


def contract(name: str) -> Any:
    """The examples in ``tests/contract/NAME.json``."""
    return json.loads((CONTRACT / f"{name}.json").read_text(encoding="utf-8"))


def eventually(look: Callable[[], T | None], seconds: float = 60.0) -> T:
    """The first true answer of ``look``; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.02)  # between looks at a condition, not a wait for time to pass
    raise AssertionError(f"still not true after {seconds} s: {look}")


async def browser_cookies(client: Any, base_url: str, app: Any) -> str:
    """Log in with the token, as a browser does; returns its cookies."""
    address = f"{base_url}?token={app.identity_provider.token}"
    login = await client.fetch(address, follow_redirects=False, raise_error=False)
    cookies = [c.split(";")[0] for c in login.headers.get_list("Set-Cookie")]
    assert any(c.startswith("username-") for c in cookies), cookies
    return "; ".join(cookies)


def record_generation(
    history: History,
    *,
    name: str = "mean_of",
    request: str = "The mean of a vector.",
    code: str = "mean_of(x) = sum(x) / length(x)",
    error: str = "",
    finish: bool = True,
    at: float | None = None,
) -> str:
    """Record a generation of two candidates, the second one passing; returns the run's id."""
    run_id, first, second = new_id(), new_id(), new_id()
    when = time.time() if at is None else at

    def say(kind: Any, **data: Any) -> None:
        history.record(Event(run_id=run_id, kind=kind, data=to_json(data), at=when))

    say(
        "run_started",
        prompt=Prompt(name=name, request=request, oracle=Oracle(source=f"@test {name}([1, 3]) == 2")),
        sampling=Sampling(n=2),
        model=ModelInfo(base_url="http://127.0.0.1:8080/v1", model="tiny", source="configured"),
    )
    say(
        "answer",
        index=0,
        finish_reason="stop",
        usage=Usage(prompt_tokens=100, completion_tokens=50, seconds=1),
    )
    broken = Candidate(id=first, name=name, code=f"{name}(x) = undefined_thing(x)", origin="model")
    say("candidate", candidate=broken)
    fault = Fault(type="UndefVarError", message=error or "undefined_thing not defined", line=1)
    say("trial", trial=Trial(candidate_id=first, verdict="error", seconds=0.4, error=fault))
    say("candidate", candidate=Candidate(id=second, name=name, code=code, origin="repair", parent=first))
    say("trial", trial=Trial(candidate_id=second, verdict="passed", seconds=0.3, checks=Checks(passed=1)))
    if finish:
        say("selection", selection=Selection(candidate_id=second, reason="passed", ranking=(second, first)))
        say("run_finished", status="done", seconds=2.5)
    return run_id


def record_build(
    history: History, path: Path, *, sha256: str, name: str = "tool", libraries: tuple[Library, ...] = ()
) -> tuple[str, str]:
    """Record a build of the file ``path``; returns the run's and the artifact's id."""
    run_id, artifact_id = new_id(), new_id()
    size = path.stat().st_size
    bundle = size + sum(library.bytes for library in libraries) if libraries else None
    artifact = Artifact(
        id=artifact_id,
        kind="exe",
        name=name,
        path=str(path),
        sha256=sha256,
        bytes=size,
        bundle_bytes=bundle,
        libraries=libraries,
    )
    recipe = Recipe(name=name, code="println(1)")
    history.record(Event(run_id=run_id, kind="build_started", data=to_json({"recipe": recipe})))
    history.record(
        Event(run_id=run_id, kind="built", data=to_json({"result": BuildResult(artifact=artifact)}))
    )
    history.record(Event(run_id=run_id, kind="run_finished", data={"status": "done", "seconds": 1.0}))
    return run_id, artifact_id
