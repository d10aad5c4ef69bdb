"""The screen: what may be judged in one process with the tests, and what only across a process border."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_julia_aot.records import Candidate, Limits, Oracle, Toolchain, new_id
from jupyter_julia_aot.toolchain import julia_command
from jupyter_julia_aot.trial.image import JULIA_SOURCES
from jupyter_julia_aot.trial.pool import TrialPool

pytestmark = [pytest.mark.julia, pytest.mark.timeout(900)]

HARMLESS = (
    "f(x) = x * x",
    "using Dates\nf(x) = Dates.value(Day(x)) + Dates.days(Week(1))",
    "import Random\nf(x) = (Random.seed!(1); Random.shuffle([x]))",
    "using Statistics: mean\nf(x) = mean([x, x])",
    'f(s) = (m = match(r"a(.)", s); m.captures[1])',
    "f(x) = [y for y in Iterators.flatten([[x]])]",
    "const LIMIT = 3\nconst TABLE = Dict(1 => 2)\nf(x) = get(TABLE, x, LIMIT)",
    "mutable struct Stack\n    size::Int\n    data::Vector{Int}\nend\nf(s) = (s.size += 1; s.data[s.size])",
    "struct Candle\n    open::Float64\n    close::Float64\nend\nf(c) = c.close - c.open",
    "f(x) = (p = (size = x, name = :a); p.size)",
    '"adds"\nfunction f(x)\n    fib = [1, 1]\n    return x + fib[1]\nend\nfib(x) = x',
    "f(x) = (r = Ref(1); r.x = 2; r[] + (1 // x).den + (1:x).stop)",
)
EXTENDING = (
    ("struct P\n    x\nend\nBase.:+(a::P, b::P) = P(a.x + b.x)", "P"),
    ('import Base: show\n"a point"\nstruct P\n    x\nend\nshow(io::IO, p::P) = print(io, p.x)', "P"),
    ("Base.@kwdef struct P{T}\n    x::T = 1\nend\nBase.length(p::P{T}) where {T<:Real} = 1", "P"),
    ("abstract type A end\nstruct B <: A end\nBase.isless(a::T, b::T) where {T<:A} = true", "A"),
    ("struct P end\nBase.sum(v::Vector{P}) = 0", "P"),
)
REACHING = (
    "f(x) = ccall(:getpid, Cint, ())",
    "using Dates\nconst D = Dates\nf(x) = D.eval(1)",
    "f(x) = [Base.Iterators][1].eval(x)",
    "using Base: Order\nf(x) = (m = Order; m.eval(x))",
    "using LinearAlgebra\nf(x) = LinearAlgebra.Libdl.dlopen(x)",
    "using Random: UnsafeView\nf(x) = UnsafeView(x, 1)",
    "using Dates\nf(x) = Dates.Dates.eval(x)",
    "f(x) = (@doc sin).meta",
    "const eq = ==\neq(a::Int, b::Int) = true",
    "const I = Int\nI(x::Float64) = 0",
    "using Dates\nDate(y::Int64, m::Int64, d::Int64) = 0",
    "using Base: OneTo\nOneTo(x::Int) = 0",
    "struct test end\nBase.:(==)(a::test, b::test) where {test<:Int} = true",
    "struct Test end\nBase.:(==)(a::Int, b::Int, c::Test = Test()) = true",
    "struct Test end\nBase.:(==)(a::Int, b::Int, c::Test...) = true",
    "struct P end\nBase.:(==)(a::Tuple{Vararg{P}}, b::Tuple) = true",
    "const Q = Int\nif false\n    struct Q end\nend\nBase.:(==)(a::Q, b::Q) = true",
    "struct Int end\nBase.:(==)(a::Int, b) = true",
    "f(x) = (b = big(x); b.size = 100; b)",
    "f(d) = empty!(d.slots)",
    "f(x) = ((; d) = big(x); d)",
    "f(x) = finalizer(identity, Ref(x))",
    "f(x) = try; x; catch e; e.scope; end",
    "using LinearAlgebra\nf(x) = (d = lu(x); d.ipiv[1] = 10^9; d \\ x)",
    "using LinearAlgebra\nf(x) = LU(x, [10^9], 0)",
    "f(v) = (w = view(v, 1:9); empty!(v); sizehint!(v, 0); w[9])",
)
SCRIPT = """
include(joinpath(ARGS[1], "screen.jl"))
using Dates, LinearAlgebra, Random, Statistics
Screen.survey!()
for text in split(read(stdin, String), '\\0')
    tree = Base.parse_input_line(String(text))
    found = Screen.look(tree.head === :toplevel ? tree : Expr(:toplevel, tree))
    println(isempty(found.reasons) ? join(sort!(collect(found.extended)), ' ') : "reaching")
end
"""


def test_what_reaches_beyond_values_is_found(toolchain: Toolchain, tmp_path: Path) -> None:
    script = tmp_path / "look.jl"
    script.write_text(SCRIPT)
    programs = [*HARMLESS, *(code for code, _ in EXTENDING), *REACHING]
    done = subprocess.run(
        julia_command(toolchain, str(script), str(JULIA_SOURCES)),
        input="\0".join(programs),
        env={**toolchain.environment, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    expected = [*[""] * len(HARMLESS), *(owner for _, owner in EXTENDING), *["reaching"] * len(REACHING)]
    found = dict(zip(programs, done.stdout.split("\n"), strict=False))
    assert found == dict(zip(programs, expected, strict=True))


@pytest.fixture(scope="module")
def pool(toolchain: Toolchain) -> Iterator[TrialPool]:
    with TrialPool(toolchain, workers=1, limits=Limits(seconds=120, memory_bytes=512 << 20)) as found:
        yield found


def verdict(pool: TrialPool, code: str, tests: str) -> str:
    return pool.run(Candidate(id=new_id(), name="f", code=code, origin="user"), Oracle(source=tests)).verdict


@pytest.mark.parametrize(
    ("code", "tests"),
    [
        (
            "close_to(a::Number, b::Number) = true",
            "close_to(a, b) = abs(a - b) < 1e-6\n@test close_to(f(3), 9)",
        ),
        ("mean(xs) = 0", "using Statistics\n@test f([1, 2, 3]) == mean([1, 2, 3])"),
        ("eval(1)\nmean(xs) = 0", "using Statistics: mean\n@test f([1, 2, 3]) == mean([1, 2, 3])"),
        ("limit = 0", "limit = 9\n@test f(3) == limit"),
        ("setprecision(BigFloat, 2)", "@test big(8) + f(3) ≈ 9.0"),
    ],
)
def test_the_tests_keep_their_own_helpers(pool: TrialPool, code: str, tests: str) -> None:
    assert verdict(pool, f"{code}\nf(x) = 0", tests) == "failed"


def test_a_task_may_ask_for_a_function_that_a_package_has(pool: TrialPool) -> None:
    tests = "using Statistics\n@test f([1, 2]) == 3\n@test median([1, 2, 9]) == 2"
    assert verdict(pool, "f(xs) = sum(xs)", tests) == "passed"
    assert verdict(pool, "helper(x) = x^2\nf(x) = helper(x)", "@test f(3) == helper(3)") == "passed"


LINKED = """
mutable struct Node
    value::Int
    next::Union{Node,Nothing}
    size::Int
end
function f(n)
    node = nothing
    for value in 1:n
        node = Node(value, node, node === nothing ? 1 : node.size + 1)
    end
    node.size *= 2
    node.value, node.size = node.size, node.value
    return node.next === nothing ? [node.value, node.size] : [node.value, node.size, node.next.size]
end
"""


def test_fields_that_are_named_like_julias_own_work(pool: TrialPool) -> None:
    assert verdict(pool, LINKED, "@test f(1) == [2, 1]\n@test f(3) == [6, 3, 2]") == "passed"


def test_julias_own_fields_are_out_of_reach_under_such_a_name(pool: TrialPool) -> None:
    reads = "mutable struct S\n    size::Int\nend\nf(x) = (s = S(1); s.size = 2; b = big(x); b.size)"
    writes = reads.replace("b.size)", "b.size = 100)")
    swaps = reads.replace("b.size)", "(b.size, s.size) = (100, 1))")
    for code in (reads, writes, swaps):
        trial = pool.run(
            Candidate(id=new_id(), name="f", code=code, origin="user"), Oracle(source="@test f(3) == 9")
        )
        assert trial.error is not None
        assert trial.error.message == "a candidate may not reach into the field `size` of a BigInt"
