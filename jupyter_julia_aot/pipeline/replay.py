"""A function's tests as a source of inputs, and as the judge of results that were computed elsewhere."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jupyter_julia_aot.errors import JuliaAotError, JuliaError, OracleError
from jupyter_julia_aot.records import Limits, Oracle

_SECONDS = 120.0
_PRELUDE = """
module JuliaAotReplay
const CALLS = Any[]         # arguments, and whether the call can be repeated elsewhere
const RESULTS = Any[]
const AT = Ref(0)
end
import Random
using Test
"""
_RECORD = """
function {name}(args...; kwargs...)
    kept = deepcopy(args)
    plain = isempty(kwargs)
    push!(JuliaAotReplay.CALLS, Any[kept, false])
    value = Implementation.{name}(args...; kwargs...)
    JuliaAotReplay.CALLS[end][2] = plain
    return value
end
Random.seed!(1);
"""
_REPLAY = """
append!(empty!(JuliaAotReplay.RESULTS), julia_aot_results)
JuliaAotReplay.AT[] = 0
let used = Ref(0)
    global function {name}(args...; kwargs...)
        at = (JuliaAotReplay.AT[] += 1)
        at <= length(JuliaAotReplay.CALLS) && JuliaAotReplay.CALLS[at][2] ||
            return Implementation.{name}(args...; kwargs...)
        value, returned, changed = JuliaAotReplay.RESULTS[used[] += 1]
        foreach(change -> copyto!(args[change[1]], change[2]), changed)
        return returned == 0 ? value : args[returned]
    end
end
Random.seed!(1);
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call gave. ``changed``: arrays among the arguments as they were after it, by position;
    ``returned``: the argument that was its value, if one was."""

    value: Any
    changed: tuple[tuple[int, Any], ...] = ()
    returned: int | None = None


def outcome(function: Callable[..., Any], args: tuple[Any, ...]) -> Outcome:
    """Call ``function`` with copies of ``args``."""
    import numpy as np

    sent = copy.deepcopy(args)
    value = function(*sent)
    changed = tuple(
        (i, after)
        for i, (before, after) in enumerate(zip(args, sent, strict=True))
        if isinstance(after, np.ndarray) and before.tobytes() != after.tobytes()
    )
    return Outcome(value, changed, next((i for i, argument in enumerate(sent) if value is argument), None))


@dataclass
class Recording:
    """The calls that the tests make. ``inputs`` holds the arguments of each that every route can repeat."""

    inputs: list[tuple[Any, ...]]
    judge: Callable[[list[Any]], str]
    """``passed`` or ``failed: …`` for results, or an :class:`Outcome` of each, in the order of ``inputs``."""
    close: Callable[[], None] = field(default=lambda: None)


def record(name: str, code: str, oracle: Oracle, *, julia: str = "", sandbox: Any = "auto") -> Recording:
    """Run the tests on plain Julia in a confined session and keep the calls.

    Raises :class:`OracleError` when the tests do not pass there, or call the function never.
    """
    from jupyter_julia_aot.toolchain import choose_toolchain
    from jupyter_julia_aot.trial import Session

    session = Session(choose_toolchain("trial", julia), limits=Limits(memory_bytes=2 << 30), sandbox=sandbox)
    try:
        session.define("Implementation", code, name, name)
        if oracle.language == "python":
            found = _record_python(name, oracle, lambda *a: session.call(f"Implementation.{name}", *a))
        else:
            found = _record_julia(name, oracle, session)
    except BaseException:
        session.close()
        raise
    if not found.inputs:
        session.close()
        raise OracleError(
            f"the tests call {name} in no way that can be repeated (with plain arguments, without keywords)"
        )
    found.close = session.close
    return found


def _record_julia(name: str, oracle: Oracle, session: Any) -> Recording:
    session.run(_PRELUDE, "prelude")
    session.run(_RECORD.format(name=name), "prelude")
    said: list[str] = []
    try:
        session.run(
            oracle.source,
            oracle.name,
            seconds=_SECONDS,
            on_shown=lambda shown: said.append(getattr(shown, "text", "")),
        )
    except JuliaError as error:
        told = "".join(said).strip()[:1500] or str(error)
        raise OracleError(f"the tests do not pass on plain Julia: {told}") from error
    calls = session.run("Any[call[1] for call in JuliaAotReplay.CALLS if call[2]]", "prelude").value

    def judge(results: list[Any]) -> str:
        try:
            outcomes = [r if isinstance(r, Outcome) else Outcome(r) for r in results]
            session.set(
                julia_aot_results=[
                    [
                        None if o.returned is not None else o.value,
                        0 if o.returned is None else o.returned + 1,
                        [[i + 1, array] for i, array in o.changed],
                    ]
                    for o in outcomes
                ]
            )
            session.run(_REPLAY.format(name=name), "prelude")
            session.run(oracle.source, oracle.name, seconds=_SECONDS)
        except JuliaAotError as error:
            return f"failed: {str(error).splitlines()[0]}"
        return "passed"

    return Recording([tuple(call) for call in calls], judge)


def _record_python(name: str, oracle: Oracle, call: Callable[..., Any]) -> Recording:
    inputs: list[tuple[Any, ...]] = []

    def recorded(*args: Any) -> Any:
        kept = copy.deepcopy(args)
        value = call(*args)
        inputs.append(kept)
        return value

    program = compile(oracle.source, oracle.name, "exec")

    def run(function: Callable[..., Any]) -> str:
        try:
            exec(program, {name: function, "__name__": "oracle"})  # noqa: S102 - the user's own tests
        except Exception as error:  # whatever the tests raise is their answer
            return f"failed: {type(error).__name__}: {error}"
        return "passed"

    said = run(recorded)
    if said != "passed":
        raise OracleError(f"the tests do not pass on plain Julia: {said}")

    def judge(results: list[Any]) -> str:
        left = iter(results)

        def repeated(*args: Any) -> Any:
            done = next(left)
            if not isinstance(done, Outcome):
                return done
            for i, array in done.changed:
                args[i][...] = array
            return done.value if done.returned is None else args[done.returned]

        return run(repeated)

    return Recording(inputs, judge)
