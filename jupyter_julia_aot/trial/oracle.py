"""Refuse an oracle that proves nothing before a model is asked anything."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from jupyter_julia_aot.errors import OracleError
from jupyter_julia_aot.records import Oracle

if TYPE_CHECKING:
    from jupyter_julia_aot.trial.pool import TrialPool


def check_oracle(oracle: Oracle, name: str, pool: TrialPool) -> int:
    """How many checks ``oracle`` has for the function ``name``; Julia oracles are parsed by Julia.

    Raises ``OracleError`` when it does not parse or contains no check: a candidate that passes such an
    oracle would be unproven. A check in a loop counts once here and as often as it runs in a trial.
    """
    if oracle.language == "julia":
        return pool.count_checks(oracle)
    tree = parse_python_oracle(oracle)
    checks = sum(isinstance(node, ast.Assert) for node in ast.walk(tree))
    if not checks:
        raise OracleError(
            f"{oracle.name} has no assert, so it would prove nothing about {name}",
            remedy=f"write at least one line such as: assert {name}(…) == …",
        )
    return checks


def parse_python_oracle(oracle: Oracle) -> ast.Module:
    """The syntax tree of a Python oracle. Raises ``OracleError`` naming the line that does not parse."""
    try:
        return ast.parse(oracle.source, filename=oracle.name)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f", line {line}" if line else ""
        raise OracleError(
            f"{oracle.name}{where} is not Python: {getattr(error, 'msg', error)}",
            remedy="write asserts on the function, or begin the cell with %%julia_tests NAME for Julia tests",
        ) from error
