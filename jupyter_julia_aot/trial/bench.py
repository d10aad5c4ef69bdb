"""How fast trials are: a cold Julia per candidate, a warm Julia without isolation, and the trial pool.

All three judge the same candidates by the same tests in one run, on one core, and must agree.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_julia_aot.errors import WorkerError
from jupyter_julia_aot.records import Candidate, Limits, Oracle, Toolchain, new_id
from jupyter_julia_aot.trial.pool import TrialPool
from jupyter_julia_aot.trial.sandbox import SandboxName

Case = tuple[Candidate, Oracle]

_TASKS = {
    "squares": (
        "squares(n) = [i^2 for i in 1:n]",
        "@test squares(3) == [1, 4, 9]\n@test squares(0) == Int[]",
    ),
    "vowels": (
        'vowels(s) = count(c -> lowercase(c) in "aeiou", s)',
        '@test vowels("Julia") == 3\n@test vowels("") == 0\n@test vowels("XYZ") == 0',
    ),
    "primes": (
        "function primes(n)\n    sieve = trues(n)\n    n > 0 && (sieve[1] = false)\n    for i in 2:isqrt(n)\n"
        "        sieve[i] || continue\n        for j in i*i:i:n\n            sieve[j] = false\n"
        "        end\n    end\n"
        "    return findall(sieve)\nend",
        "@test primes(10) == [2, 3, 5, 7]\n@test primes(1) == Int[]\n@test length(primes(100)) == 25",
    ),
    "counts": (
        "function counts(text)\n    d = Dict{String,Int}()\n    for w in split(lowercase(text))\n"
        "        d[w] = get(d, w, 0) + 1\n    end\n    return d\nend",
        '@test counts("a b A") == Dict("a" => 2, "b" => 1)\n@test isempty(counts(""))',
    ),
    "flatten": (
        "flatten(x) = x isa AbstractVector ? reduce(vcat, map(flatten, x); init = []) : [x]",
        "@test flatten([1, [2, [3]]]) == [1, 2, 3]\n@test flatten([]) == []",
    ),
    "fibonacci": (
        "function fibonacci(n)\n    a, b = big(0), big(1)\n    for _ in 1:n\n"
        "        a, b = b, a + b\n    end\n"
        "    return a\nend",
        '@test fibonacci(10) == 55\n@test fibonacci(100) == parse(BigInt, "354224848179261915075")',
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One way to judge, measured. ``high_water_bytes``: the largest resident size of any of its processes."""

    way: str
    candidates: int
    seconds: float
    verdicts: tuple[bool, ...]
    high_water_bytes: int = 0
    start_seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Candidates per second on one core."""
        return self.candidates / self.seconds if self.seconds else 0.0


def cases(count: int) -> list[Case]:
    """``count`` candidates over six small tasks: right, wrong, raising and unparsable ones in turn."""
    spoil: tuple[Callable[[str, str], str], ...] = (
        lambda name, code: code,
        lambda name, code: code,
        lambda name, code: f"{name}(args...) = nothing",
        lambda name, code: f'{name}(args...) = error("not done")',
        lambda name, code: code + "\nend",
    )
    found = []
    for i in range(count):
        name, (code, tests) = list(_TASKS.items())[i % len(_TASKS)]
        text = f"# candidate {i}\n{spoil[(i // len(_TASKS)) % len(spoil)](name, code)}"
        source = f'using Test\n@testset "{name}" begin\n{tests}\nend\n'
        found.append((Candidate(id=new_id(), name=name, code=text, origin="user"), Oracle(source=source)))
    return found


def bench_trials(
    toolchain: Toolchain, *, count: int = 60, cold: int = 12, sandbox: SandboxName = "auto"
) -> tuple[Figures, ...]:
    """Cold, warm in-process and ours, in one run; ``cold`` of the ``count`` candidates, spread evenly, cold.

    Raises ``WorkerError`` when a Julia does not run.
    """
    todo = cases(count)
    return (
        _cold(toolchain, todo[:: max(1, count // cold)][:cold]),
        _warm(toolchain, todo),
        _ours(toolchain, todo, sandbox),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """On how many of the candidates judged both ways the trial pool and another way agree that they pass."""

    way: str
    same: int
    compared: int


def agreements(figures: Sequence[Figures]) -> tuple[Agreement, ...]:
    """The trial pool's verdicts beside those of each other way, on every candidate that way judged."""
    *others, ours = figures
    found = []
    for other in others:
        step = len(ours.verdicts) // len(other.verdicts)
        pairs = list(zip(other.verdicts, ours.verdicts[::step], strict=False))
        same = sum(a == b for a, b in pairs)
        found.append(Agreement(way=other.way, same=same, compared=len(pairs)))
    return tuple(found)


def _environment(toolchain: Toolchain) -> dict[str, str]:
    return {**os.environ, **toolchain.environment, "JULIA_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def _run(toolchain: Toolchain, code: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    from jupyter_julia_aot.toolchain import julia_command

    with tempfile.TemporaryDirectory(prefix="julia-aot-bench-") as folder:
        path = Path(folder, "program.jl")
        path.write_text(code, encoding="utf-8")
        return subprocess.run(
            julia_command(toolchain, str(path)),
            input=stdin,
            text=True,
            capture_output=True,
            env=_environment(toolchain),
            check=False,
        )


def _cold(toolchain: Toolchain, todo: Sequence[Case]) -> Figures:
    start = time.perf_counter()
    verdicts = [_run(toolchain, f"{c.code}\n{o.source}").returncode == 0 for c, o in todo]
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return Figures(
        way="cold process each",
        candidates=len(todo),
        seconds=seconds,
        verdicts=tuple(verdicts),
        high_water_bytes=peak,
    )


_WARM = """
using Test
const cases = [CASES]
function judge(code, tests)
    home = Module()
    Core.eval(home, :(eval(x) = Core.eval($home, x)))
    try
        Base.include_string(home, code)
        Base.include_string(home, tests)
        return true
    catch
        return false
    end
end
judge("f(x) = x", "using Test\\n@testset \\"w\\" begin @test f(1) == 1 end")
start = time_ns()
verdicts = [judge(c, t) for (c, t) in cases]
seconds = (time_ns() - start) / 1e9
println("FIGURES ", seconds, " ", Sys.maxrss(), " ", join(Int.(verdicts)))
"""


def _warm(toolchain: Toolchain, todo: Sequence[Case]) -> Figures:
    pairs = ",\n".join(f"({_literal(c.code)}, {_literal(o.source)})" for c, o in todo)
    done = _run(toolchain, _WARM.replace("CASES", pairs))
    line = next((x for x in done.stdout.splitlines() if x.startswith("FIGURES ")), None)
    if line is None:
        raise WorkerError(f"the warm Julia did not finish: {done.stderr[-500:]}")
    _, seconds, peak, verdicts = line.split()
    return Figures(
        way="warm process, JIT, no isolation",
        candidates=len(todo),
        seconds=float(seconds),
        verdicts=tuple(v == "1" for v in verdicts),
        high_water_bytes=int(peak),
    )


def _literal(text: str) -> str:
    # A JSON string is a Julia string but for `$`.
    return json.dumps(text, ensure_ascii=False).replace("$", "\\$")


def _ours(toolchain: Toolchain, todo: Sequence[Case], sandbox: SandboxName) -> Figures:
    with TrialPool(toolchain, workers=1, sandbox=sandbox, limits=Limits()) as pool:
        begin = time.perf_counter()
        pool.run(*todo[0])
        start = time.perf_counter()
        trials = [future.result() for future in [pool.submit(c, o) for c, o in todo]]
        seconds = time.perf_counter() - start
        peak = max((_peak(pid) for pid in pool.worker_pids()), default=0)
    return Figures(
        way="trial pool (one confined process each)",
        candidates=len(todo),
        seconds=seconds,
        verdicts=tuple(t.verdict == "passed" for t in trials),
        high_water_bytes=peak,
        start_seconds=start - begin,
    )


def _peak(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    found = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0")
    return int(found.split()[1]) * 1024


def table(figures: Sequence[Figures]) -> str:
    """The figures side by side, as text."""
    cold = figures[0].per_second
    lines = [f"{'way':40} {'per s·core':>10} {'× cold':>8} {'memory':>9} {'start':>7}"]
    for f in figures:
        factor = f.per_second / cold if cold else 0.0
        megabytes = f"{f.high_water_bytes >> 20} MiB"
        lines.append(f"{f.way:40} {f.per_second:10.2f} {factor:8.1f} {megabytes:>9} {f.start_seconds:6.1f}s")
    for a in agreements(figures):
        lines.append(f"same verdicts as {a.way}: {a.same} of {a.compared} candidates judged both ways")
    return "\n".join(lines)
