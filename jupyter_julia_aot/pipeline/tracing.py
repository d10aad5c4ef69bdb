"""A proven function of ``%%julia_gen --reactant``: does it trace, and are the results still right?"""

from __future__ import annotations

from typing import Any

from jupyter_julia_aot.errors import JuliaAotError
from jupyter_julia_aot.records import Oracle


def try_traced(name: str, code: str, oracle: Oracle | None, julia: str = "") -> tuple[Any, str]:
    """Compile the function with Reactant and run its tests' calls on it.

    Returns the compiled function, ``None`` where it does not trace, gives other results, or Reactant is not
    there, and a sentence that says which.
    """
    from jupyter_julia_aot.pipeline.comparing import compare
    from jupyter_julia_aot.run.reactant import reactant_function

    try:
        function = reactant_function(name, code, "auto", julia=julia)
    except JuliaAotError as error:
        return None, f"{name} was not tried with Reactant: {error}"
    if oracle is None:
        return function, f"{name} is compiled by Reactant for {function.backend} when it is first called"
    try:
        row = compare(name, code, oracle, routes=["reactant"], julia=julia).rows[1]
    except JuliaAotError as error:
        return None, f"{name} was not tried with Reactant: {error}"
    if not row.ran:
        return None, f"{name} does not run when compiled by Reactant: {row.reason}"
    if not row.equal or row.oracle != "passed":
        return None, f"{name} compiled by Reactant is not right: {row.verdict}, tests {row.oracle}"
    return (
        function,
        f"{name} traces: Reactant on {function.backend} gives plain Julia's results ({row.verdict})",
    )
