"""Smoke tests: a device is used only after a helper process has computed something right on it.

Elementwise work and a matrix product, because a GPU library without kernels for an architecture fails in the
second, often by ending the process.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_julia_aot.run.devices.environments import Environment, process_variables

STEPS = {
    "reactant": ("load", "backend", "transfer", "elementwise", "gemm"),
    "amdgpu": ("load", "backend", "functional", "architecture", "transfer", "elementwise", "gemm"),
}
SECONDS = 600.0
"""For all steps together: the first use of a package precompiles it."""
_MARK = "julia-aot\t"
_known: dict[tuple[str, str, str, str], Smoke] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Smoke:
    """What a smoke test found. ``steps`` maps each step to ``passed`` or to why it failed, in order."""

    backend: str
    usable: bool
    steps: Mapping[str, str]
    facts: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    """Why it is not usable: the failed step and what was said."""
    seconds: float = 0.0


def smoke_test(
    environment: Environment, backend: str, *, unified: bool = False, again: bool = False
) -> Smoke:
    """Test a backend (``cpu``, ``rocm``, … of Reactant; ``AMDGPU``) in a helper process, once per process."""
    key = (environment.toolchain.path, environment.project, environment.which, backend)
    with _lock:
        if again or key not in _known:
            _known[key] = _run(environment, backend, unified)
        return _known[key]


def _run(environment: Environment, backend: str, unified: bool) -> Smoke:
    from jupyter_julia_aot.toolchain import julia_command, julia_environment
    from jupyter_julia_aot.toolchain.process import run

    script = Path(__file__).with_name(f"smoke_{environment.which}.jl")
    command = julia_command(environment.toolchain, "--color=no", str(script), backend)
    variables = {
        **process_variables(unified=unified),
        "JULIA_LOAD_PATH": f"{environment.project}:@stdlib",
        "JULIA_DEPOT_PATH": ":".join(environment.depots),
    }
    ran = run(command, environment=julia_environment(environment.toolchain, variables), timeout=SECONDS)
    lines = [line[len(_MARK) :] for line in ran.stdout.splitlines() if line.startswith(_MARK)]
    return read_steps(environment.which, backend, lines, ran.failure if ran.code else "", ran.seconds)


def read_steps(which: str, backend: str, lines: list[str], ended: str, seconds: float = 0.0) -> Smoke:
    """The result of a test that printed ``lines``; ``ended`` says how its process failed, if it did."""
    steps: dict[str, str] = {}
    facts: dict[str, str] = {}
    for line in lines:
        name, state, detail = [*line.split("\t", 2), "", ""][:3]
        if state == "fact":
            facts[name] = detail
        elif state == "begun":
            steps[name] = "begun"
        else:
            steps[name] = "passed" if state == "passed" else detail or "failed"
            if state == "passed" and detail:
                facts["version" if name == "load" else name] = detail
    reason = ""
    for name in STEPS[which]:
        said = steps.setdefault(name, "not reached")
        if said == "begun":
            said = steps[name] = f"the process ended in this step ({ended or 'without a word'})"
        if said != "passed" and not reason:
            reason = f"{name}: {said if said != 'not reached' else ended or said}"
    return Smoke(backend=backend, usable=not reason, steps=steps, facts=facts, reason=reason, seconds=seconds)
