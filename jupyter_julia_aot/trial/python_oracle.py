"""A Python cell of asserts as the judge of a Julia function.

The asserts run here, in Python; the function runs in a confined Julia session of its own, which knows nothing
of them. So a candidate can do no more than return values.
"""

from __future__ import annotations

import ast
import threading
import time
import traceback
from typing import Any

from jupyter_julia_aot.errors import Cancelled, JuliaError
from jupyter_julia_aot.records import Candidate, Checks, Fault, Oracle, Trial, Verdict
from jupyter_julia_aot.trial.oracle import parse_python_oracle
from jupyter_julia_aot.trial.session import Session
from jupyter_julia_aot.trial.values import MalformedValueError

_MOST_FAILURES = 20
_TALLY, _HELD, _FAILED = "__julia_aot_tally__", "held", "did_not_hold"


class _Tally:
    """Counts the checks; :func:`instrument` makes every ``assert`` report here."""

    def __init__(self, source: str) -> None:
        self.passed = 0
        self.failures: list[str] = []
        self.seen: set[int] = set()
        self._lines = source.splitlines()

    def held(self, line: int) -> None:
        self.passed += 1
        self.seen.add(line)

    def did_not_hold(self, line: int, message: object = "") -> None:
        self.seen.add(line)
        text = self._lines[line - 1].strip() if 0 < line <= len(self._lines) else "assert"
        if len(self.failures) < _MOST_FAILURES:
            self.failures.append(f"line {line}: {text}" + (f"\n  {message}" if message else ""))


class _Instrument(ast.NodeTransformer):
    """``assert a, b`` becomes ``if a: held(n)`` / ``else: did_not_hold(n, b)``, so that all checks run."""

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        def report(method: str, *more: ast.expr) -> ast.stmt:
            target = ast.Attribute(ast.Name(_TALLY, ast.Load()), method, ast.Load())
            return ast.Expr(ast.Call(target, [ast.Constant(node.lineno), *more], []))

        more = (node.msg,) if node.msg is not None else ()
        branch = ast.If(node.test, [report(_HELD)], [report(_FAILED, *more)])
        return ast.fix_missing_locations(ast.copy_location(branch, node))


def judge_with_python(candidate: Candidate, oracle: Oracle, session: Session) -> Trial:
    """One trial of ``candidate`` by the asserts in ``oracle.source``, which call it as ``NAME(...)``.

    ``session`` is a fresh one whose Julia is up; another candidate must not use it afterwards. The clock of
    its ``limits.seconds`` starts now. Raises ``OracleError``, ``WorkerError``.
    """
    limits = session.limits
    seconds = limits.seconds if oracle.seconds is None else oracle.seconds
    tree = parse_python_oracle(oracle)
    lines = {node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)}
    program = compile(_Instrument().visit(tree), oracle.name, "exec")
    tally = _Tally(oracle.source)
    used = session.sandbox
    begin = time.monotonic()
    clock = _Clock(session, seconds)
    try:
        verdict, fault, output = _load(session, candidate)
        load_seconds = time.monotonic() - begin
        run_start = time.monotonic()
        if verdict is None:
            calls = _Calls(session, candidate.name)
            verdict, fault = _run(program, candidate.name, calls, tally)
            output += calls.output
        run_seconds = time.monotonic() - run_start
    finally:
        over = clock.stop()
    if over:
        verdict = "timeout"
        fault = Fault(type="Timeout", message=f"still running after {seconds:g} s")
    if verdict == "passed" and (tally.failures or not lines <= tally.seen):
        verdict = "failed"
        if not tally.failures:
            tally.failures.append(f"the check in line {min(lines - tally.seen)} never ran")
    return Trial(
        candidate_id=candidate.id,
        verdict=verdict,
        checks=Checks(passed=tally.passed, failed=len(tally.failures)),
        seconds=time.monotonic() - begin,
        load_seconds=load_seconds,
        run_seconds=run_seconds,
        jit=True,
        output=output[: limits.output_bytes],
        error=fault,
        failures=tuple(tally.failures),
        sandbox=used,
        julia=session.toolchain.version,
    )


class _Calls:
    """The candidate's function as the asserts call it."""

    def __init__(self, session: Session, name: str) -> None:
        self._session = session
        self.__name__ = name
        self.output = ""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._session.call(self.__name__, *args, **kwargs)


class _Clock:
    """Closes the session when the time is over, which ends whatever it does."""

    def __init__(self, session: Session, seconds: float) -> None:
        self._over = False
        self._session = session
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        self._over = True
        self._session.close()

    def stop(self) -> bool:
        """Whether the time was over."""
        self._timer.cancel()
        return self._over


def _load(session: Session, candidate: Candidate) -> tuple[Verdict | None, Fault | None, str]:
    try:
        # As it is: a line more could complete what ends too early.
        result = session.run(candidate.code, "candidate", show=False)
    except (JuliaError, Cancelled) as error:
        return (*_of_error(error), "")
    except (MalformedValueError, AttributeError, KeyError, TypeError, ValueError) as error:
        # The candidate has answered in our worker's place: no fault of the harness, which would not count.
        message = f"the candidate's process sent something that is no answer: {error}"
        return "blocked", Fault(type="Blocked", message=message), ""
    return None, None, result.output


def _run(program: Any, name: str, calls: _Calls, tally: _Tally) -> tuple[Verdict, Fault | None]:
    try:
        exec(program, {name: calls, _TALLY: tally, "__name__": "oracle"})  # noqa: S102 - the user's own tests
    except (JuliaError, Cancelled) as error:
        return _of_error(error)
    except Exception as error:  # whatever the asserts' own code raises about a returned value
        where = traceback.extract_tb(error.__traceback__)[-1].lineno
        return "error", Fault(type=type(error).__name__, message=f"in the tests, line {where}: {error}")
    return "passed", None


def _of_error(error: JuliaError | Cancelled) -> tuple[Verdict, Fault | None]:
    if isinstance(error, Cancelled):
        return "crashed", Fault(type="Cancelled", message=error.message)
    fault = Fault(type=error.julia_type, message=error.message, line=error.line)
    verdict: Verdict = "error"
    if error.julia_type == "ProcessExited":
        verdict = "crashed"
    elif error.julia_type == "OutOfMemoryError":
        verdict = "memory"
    elif "ParseError" in error.julia_type or error.message.startswith("syntax:"):
        verdict = "syntax"
    elif any(
        word in error.message for word in ("EACCES", "EPERM", "Permission denied", "Operation not permitted")
    ):
        verdict = "blocked"
    return verdict, fault
