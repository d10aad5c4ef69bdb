"""From a worker's answer to a :class:`Trial`."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from typing import Any

from jupyter_julia_aot.errors import OracleError, WorkerError
from jupyter_julia_aot.records import VERDICTS, Candidate, Checks, Fault, Limits, Oracle, Trial, Verdict

_HARNESS_CODES = {
    95: "no oracle came",
    96: "it could not be confined",
    97: "its code memory could not be copied",
}


def trial_from(
    answer: Mapping[str, Any], candidate: Candidate, oracle: Oracle, limits: Limits, **known: Any
) -> Trial:
    """The trial that a worker's ``verdict`` message tells of; ``known`` are more fields of the record.

    Raises ``OracleError`` when the oracle turned out unusable, ``WorkerError`` when the harness failed.
    """
    report = answer.get("report") or {}
    if report.get("type") == "oracle":
        raise oracle_error(report, oracle)
    verdict, fault = _verdict(answer, report, limits)
    output = bytes(answer.get("output") or b"").decode(errors="replace")
    if int(answer.get("printed") or 0) > limits.output_bytes:
        output += f"\n… cut at {limits.output_bytes} bytes of {answer['printed']}"
    loaded = report.get("load_seconds", answer.get("loaded"))
    failures = report.get("failures") or ()
    return Trial(
        candidate_id=candidate.id,
        verdict=verdict,
        checks=Checks(passed=int(report.get("passed") or 0), failed=int(report.get("failed") or 0)),
        load_seconds=float(loaded or 0.0),
        run_seconds=float(report.get("run_seconds") or 0.0),
        compile_seconds=float(report.get("compile_seconds") or 0.0),
        output=output,
        error=fault,
        failures=tuple(str(f) for f in failures),
        **known,
    )


def oracle_error(report: Mapping[str, Any], oracle: Oracle) -> OracleError:
    """The error for an oracle that cannot be used."""
    where = f"{oracle.name}, line {report['line']}" if report.get("line") else oracle.name
    return OracleError(
        f"{where}: the test code {report['message']}",
        remedy="write Julia `@test` lines that call the function, or a Python cell of asserts",
    )


def _verdict(
    answer: Mapping[str, Any], report: Mapping[str, Any], limits: Limits
) -> tuple[Verdict, Fault | None]:
    killed = answer.get("killed")
    if killed == "timeout":
        return "timeout", Fault(type="Timeout", message=f"still running after {limits.seconds:g} s")
    if killed == "memory":
        megabytes = limits.memory_bytes >> 20
        return "memory", Fault(type="OutOfMemoryError", message=f"used more than {megabytes} MiB of memory")
    if killed == "files":
        return "blocked", Fault(type="FileLimit", message="wrote more, or larger, files than it may")
    if killed:
        raise WorkerError(f"the trial could not run: {killed}")
    if report.get("type") == "verdict" and report.get("verdict") in VERDICTS:
        return report["verdict"], _fault(report.get("error"))
    if report.get("type") == "gone":
        return _ended(int(report.get("status") or 0), True)
    if report.get("type") == "broken":
        return _broken(report)
    return _ended(int(answer.get("status") or 0), bool(answer.get("confined")))


def _fault(error: Mapping[str, Any] | None) -> Fault | None:
    if error is None:
        return None
    line = error.get("line")
    return Fault(
        type=str(error.get("type")),
        message=str(error.get("message")),
        line=line if isinstance(line, int) and line > 0 else None,
    )


def _broken(report: Mapping[str, Any]) -> tuple[Verdict, Fault | None]:
    fault = _fault(report.get("error"))
    kind = fault.type if fault else ""
    if kind == "OutOfMemoryError":
        return "memory", fault
    if kind in ("StackOverflowError", "InterruptException"):
        return "error", fault
    raise WorkerError(f"the trial broke outside the candidate: {kind}: {fault.message if fault else ''}")


def _ended(status: int, confined: bool) -> tuple[Verdict, Fault | None]:
    """The process ended without a report: ``status`` is ``waitpid``'s."""
    number, code = status & 0x7F, (status >> 8) & 0xFF
    if number:
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = f"signal {number}"
        return "crashed", Fault(type=name, message=f"the process was ended by {name}")
    if not confined:
        raise WorkerError(f"a trial's process did not start: {_HARNESS_CODES.get(code, f'exit code {code}')}")
    return "crashed", Fault(
        type="ProcessExited",
        message=f"the program ended its process (exit code {code}) before the tests were done",
    )
