"""Verdicts of a real pool, under the best sandbox of the machine."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_julia_aot.errors import Cancelled, OracleError, WorkerError
from jupyter_julia_aot.records import Candidate, Limits, Oracle, Toolchain, Trial, new_id
from jupyter_julia_aot.trial.filter import seccomp_program, supported
from jupyter_julia_aot.trial.pool import TrialPool
from jupyter_julia_aot.trial.slot import interpreter_budget
from jupyter_julia_aot.trial.starting import Starting
from tests.patience import A_SECOND

pytestmark = [pytest.mark.julia, pytest.mark.timeout(1800)]

SQUARE = Oracle(source='using Test\n@testset "square" begin\n    @test f(3) == 9\n    @test f(0) == 0\nend')


def candidate(code: str, name: str = "f") -> Candidate:
    return Candidate(id=new_id(), name=name, code=code, origin="user")


@pytest.fixture(scope="module")
def pool(toolchain: Toolchain) -> Iterator[TrialPool]:
    with TrialPool(toolchain, workers=1, limits=Limits(seconds=8, memory_bytes=512 << 20)) as found:
        yield found


def judge(pool: TrialPool, code: str, tests: str | None = None) -> Trial:
    return pool.run(candidate(code), SQUARE if tests is None else Oracle(source=tests))


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("f(x) = x^2", "passed"),
        ("f(x) = x + 1", "failed"),
        ("f(x) = nothing", "failed"),
        ("f(x) = undefined_name", "error"),
        ("g(x) = x^2", "error"),
        ("f(x) = (", "syntax"),
        ("f(x) = )", "syntax"),
        ("f(x) = x^2\nend", "syntax"),
        ("f(x) = zeros(10^12)[1]", "memory"),
        ("f(x) = ccall(:abort, Cvoid, ())", "crashed"),
        ("exit(0)", "crashed"),
        ("f(x) = run(`true`)", "blocked"),
        ("using Test, LinearAlgebra, Statistics\nf(x) = round(Int, norm([x])^2)", "passed"),
        ("f(x) = eval(Meta.parse(string(x, '*', x)))", "passed"),
    ],
)
def test_verdicts(pool: TrialPool, code: str, verdict: str) -> None:
    trial = judge(pool, code)
    assert trial.verdict == verdict, trial
    assert (trial.error is None) == (verdict in ("passed", "failed"))
    assert trial.julia == pool.toolchain.version
    assert trial.sandbox


def test_checks_lines_output_and_failures_are_reported(pool: TrialPool) -> None:
    trial = judge(pool, 'println("printed")\nf(x) = x == 3 ? 9 :\n    error("only three")')
    assert (trial.verdict, trial.checks.passed, trial.checks.failed) == ("error", 1, 1)
    assert trial.output == "printed\n"
    assert trial.error is not None
    assert (trial.error.type, trial.error.message) == ("ErrorException", "only three")
    assert trial.error.line in (2, 3)  # interpreted code knows the statement's line only
    assert "f(0) == 0" in trial.failures[0]
    wrong = judge(pool, "f(x) = x + 1")
    assert wrong.failures[0] == "line 3: f(3) == 9\n  evaluated: 4 == 9"


def test_main_is_as_in_a_fresh_julia(pool: TrialPool) -> None:
    # A name of Base that anybody has used in `Main` cannot be given to a function of one's own any more.
    taken = """
        sum sqrt error joinpath haskey identity filter map println print string isequal sort length get first
        sprint showerror precompile include_string getfield isdefined names empty! push! display
    """.split()  # noqa: SIM905 - as a list it is a page
    code = "".join(f"{name}(a, b, c, d) = 1\n" for name in taken) + "==(a, b, c) = 1\n"
    assert judge(pool, code + "f(x) = x * x").verdict == "passed"
    names = judge(pool, "println(join(names(Main; all = true, imported = true), ' '))\nf(x) = x * x")
    found = {name for name in names.output.split() if not name.startswith("#")}
    assert found <= {"Base", "Core", "Main", "eval", "include"}


def test_time_limit_and_compiler(pool: TrialPool) -> None:
    slow = judge(pool, "f(x) = (s = 0; for i in 1:10^8; s += i % 7; end; x^2)")
    assert (slow.verdict, slow.jit) == ("passed", True)
    endless = judge(pool, "f(x) = while true\nend")
    assert endless.verdict == "timeout"
    assert interpreter_budget(15) == 1.5
    assert interpreter_budget(0.2) == 0.2


@pytest.mark.parametrize(
    ("tests", "code", "verdict"),
    [
        ("for i in 1:3\n @test f(i) == i^2\nend", "f(x) = x^2", "passed"),
        ("for i in f(0):2\n @test f(i) == i^2\nend", "f(x) = x == 0 ? 3 : x", "failed"),  # no check ran
        ("@test_throws DomainError f(-1)", 'f(x) = throw(DomainError(x, "no"))', "passed"),
        ("@test_throws DomainError f(-1)", 'f(x) = error("no")', "failed"),
        ("@test f(1) ≈ 0.3 atol = 1e-6", "f(x) = 0.1 + 0.2", "passed"),
        ("@test_broken f(1) == 2", "f(x) = 2", "failed"),
        ("@assert f(2) == 4", "f(x) = x", "failed"),
        ('f(2) == 4 || error("wrong")', "f(x) = x^2", "passed"),
        ("f(2) == 4 || exit(1)", "f(x) = x", "failed"),
        ("@test f(1)", "f(x) = 1", "failed"),
        ("function check(g)\n @test g(2) == 4\nend\ncheck(f)", "f(x) = x^2", "passed"),
        (
            "@test f(1) + P(2) == P(3)",
            "struct P\nx\nend\nBase.:+(a::P, b::P) = P(a.x + b.x)\nf(x) = P(x)",
            "passed",
        ),
        ("@test f(1)(2) == 3", "f(x) = (eval(1); y -> x + y)", "passed"),
        ("v = [1]\n@test f(v) === v\n@test v == [1, 2]", "f(v) = (eval(1); push!(v, 2))", "passed"),
        ("@test f(x -> 2x, [1, 2]) == [2, 4]", "f(g, v) = (eval(1); map(g, v))", "passed"),
    ],
)
def test_kinds_of_checks(pool: TrialPool, tests: str, code: str, verdict: str) -> None:
    trial = judge(pool, code, tests)
    assert trial.verdict == verdict, trial


@pytest.mark.parametrize(
    ("code", "line", "column", "said"),
    [
        ("f(x) = )", 1, 8, "unexpected"),
        ("g = 1\nf(x) = (2,\n", 2, None, ""),
        ("f(x) = 1\nh(é) = ]", 2, 8, "unexpected"),
        ("f(x)=", 1, None, "premature end of input"),
    ],
)
def test_what_does_not_parse_is_told_in_one_line_with_its_place(
    pool: TrialPool, code: str, line: int, column: int | None, said: str
) -> None:
    trial = judge(pool, code)
    assert trial.verdict == "syntax"
    assert trial.error is not None
    assert (trial.error.type, "\n" in trial.error.message) == ("ParseError", False)
    found = re.fullmatch(r"(\S.*) \(line (\d+), column (\d+)\)", trial.error.message)
    assert found is not None, trial.error.message
    assert int(found[2]) == trial.error.line
    assert said in found[1]
    if column is not None:
        assert (int(found[2]), int(found[3])) == (line, column)


def test_an_oracle_can_have_a_time_limit_of_its_own(pool: TrialPool) -> None:
    trial = pool.run(candidate("f(x) = while true\nend"), replace(SQUARE, seconds=0.5))
    assert trial.verdict == "timeout"
    assert trial.error is not None
    assert "0.5 s" in trial.error.message


FORGED_ANSWER = """
text(s) = vcat(0xa0 | UInt8(length(s)), codeunits(s))
for id in 1:9, fd in 3:60
    body = vcat(0x83, text("type"), text("done"), text("id"), UInt8(id), text("@KEY@"), [0xc4, 0x01, 0xc1])
    frame = vcat(UInt8[0, 0, 0, length(body)], body)
    ccall(:write, Cssize_t, (Cint, Ptr{UInt8}, Csize_t), fd, frame, length(frame))
end
f(x) = x
"""


@pytest.mark.parametrize("key", ["value", "later", "error"])
def test_a_forged_answer_to_python_is_no_fault_of_the_harness(pool: TrialPool, key: str) -> None:
    oracle = Oracle(source="assert f(3) == 9", language="python")
    trial = pool.run(candidate(FORGED_ANSWER.replace("@KEY@", key)), oracle)
    assert trial.verdict == "blocked", trial
    assert trial.error is not None
    assert trial.error.message.startswith("the candidate's process sent something that is no answer")


def test_asserts_in_python_judge_each_candidate_in_a_process_of_its_own(pool: TrialPool) -> None:
    oracle = Oracle(source="assert f(3) == 9\nassert f(0) == 0", language="python")
    programs = (
        ("f(x) = x^2", {"passed"}),
        ("f(x)=", {"syntax"}),  # a line more would complete it
        # Julia 1.12 does not survive what this does to its own ==.
        ("square(x) = x^2\nBase.:(==)(a::Int, b::Int) = true\nf(x) = 1", {"failed", "crashed"}),
        ("f(x) = square(x)", {"error"}),  # of the one before
        ("exit(0)", {"crashed"}),
    )
    futures = [(code, pool.submit(candidate(code), oracle), verdicts) for code, verdicts in programs]
    for code, future, verdicts in futures:
        assert future.result().verdict in verdicts, code


@pytest.mark.parametrize("tests", ["@test f(", "x = 1", "", "f(3)"])
def test_an_oracle_that_proves_nothing_is_refused(pool: TrialPool, tests: str) -> None:
    with pytest.raises(OracleError):
        pool.count_checks(Oracle(source=tests))
    with pytest.raises(OracleError):
        judge(pool, "f(x) = 1", tests)
    assert pool.count_checks(SQUARE) == 2


def test_a_killed_worker_costs_a_retry_and_no_verdict(pool: TrialPool) -> None:
    assert judge(pool, "f(x) = x^2").verdict == "passed"
    for pid in pool.worker_pids():
        os.killpg(pid, signal.SIGKILL)
    assert judge(pool, "f(x) = x^2").verdict == "passed"


def test_cancel_ends_what_runs_and_leaves_the_pool_usable(
    pool: TrialPool, wait_until: Callable[..., None]
) -> None:
    running = pool.submit(candidate("f(x) = sleep(1000)"), SQUARE)
    waiting = pool.submit(candidate("f(x) = x^2"), SQUARE)
    wait_until(running.running)
    pool.cancel_all()
    for future in (running, waiting):
        with pytest.raises(Cancelled):
            future.result(30)
    assert judge(pool, "f(x) = x^2").verdict == "passed"


def test_closing_ends_a_worker_that_is_still_starting(
    toolchain: Toolchain, tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    slow = tmp_path / "julia"
    slow.write_text("#!/bin/sh\nexec sleep 1000\n")
    slow.chmod(0o755)
    pool = TrialPool(replace(toolchain, path=str(slow), prefix=str(tmp_path)), workers=1)
    future = pool.submit(candidate("f(x) = 1"), SQUARE)

    def starting() -> Starting | None:
        return pool._slots[0]._starting

    wait_until(lambda: (start := starting()) is not None and start._process is not None)
    process = starting()._process  # type: ignore[union-attr]  # waited for
    began = time.monotonic()
    pool.close()
    assert time.monotonic() - began < A_SECOND
    with pytest.raises(Cancelled):
        future.result(0)
    assert process is not None
    assert process.poll() is not None


def test_speed_is_measured_under_the_compiler(pool: TrialPool) -> None:
    quick = pool.benchmark(candidate("f(v) = sum(v)"), "f(collect(1:10^3))")
    slow = pool.benchmark(
        candidate("f(v) = (s = 0; for i in 1:10^6; s = xor(s, v[1] * i); end; s)"), "f([3])"
    )
    assert 0 < quick.seconds < slow.seconds
    with pytest.raises(WorkerError, match="no way"):
        pool.benchmark(candidate('f(x) = error("no way")'), "f(1)")


def test_nothing_starts_before_it_is_needed_and_nothing_stays(toolchain: Toolchain) -> None:
    pool = TrialPool(toolchain, workers=1)
    assert pool.worker_pids() == ()
    pool.close()
    with pytest.raises(WorkerError, match="closed"):
        pool.submit(candidate("f(x) = 1"), SQUARE)


def test_a_toolchain_that_does_not_run_is_a_worker_error(toolchain: Toolchain, tmp_path: Path) -> None:
    broken = tmp_path / "julia"
    broken.write_text("#!/bin/sh\necho no >&2\nexit 3\n")
    broken.chmod(0o755)
    with TrialPool(replace(toolchain, path=str(broken), prefix=str(tmp_path)), workers=1) as pool:  # noqa: SIM117
        with pytest.raises(WorkerError, match="did not start"):
            pool.run(candidate("f(x) = 1"), SQUARE)


def test_the_filter_is_a_whole_number_of_instructions() -> None:
    for machine in ("x86_64", "aarch64"):
        assert supported(machine)
        assert seccomp_program(machine)
        assert len(seccomp_program(machine)) % 8 == 0
    assert seccomp_program("riscv64") == b""
