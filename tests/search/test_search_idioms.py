"""Each rule by name, what rules must never touch, and the properties of rewriting."""

from __future__ import annotations

import keyword
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_julia_aot.search import rewrite_idioms
from jupyter_julia_aot.search.idioms import RULES
from jupyter_julia_aot.search.masking import mask

CASES = [
    ("power", "f(x) = x ** 2", "f(x) = x ^ 2"),
    ("power", "f(x) = x**2 + (x)**-1", "f(x) = x^2 + (x)^-1"),
    ("floor division", "f(n) = n // 2", "f(n) = n ÷ 2"),
    ("floor division", "f(n) = n//2", "f(n) = n ÷ 2"),
    ("constants", "f() = (True, False, None)", "f() = (true, false, nothing)"),
    ("logic", "f(a, b) = a > 1 and b or (a)", "f(a, b) = a > 1 && b || (a)"),
    ("not", "f(a, b) = not a and b", "f(a, b) = !a && b"),
    ("not", "f(a, b) = not a == b", "f(a, b) = !(a == b)"),
    ("not", "f(a, v) = a not in v", "f(a, v) = a ∉ v"),
    ("is", "f(a) = a is None or a is not 1", "f(a) = a === nothing || a !== 1"),
    ("conditional expression", "f(a) = 1 if a == 2 else 3", "f(a) = a == 2 ? 1 : 3"),
    ("conditional expression", "f(v) = [1 if x > 2 else 0 for x in v]", "f(v) = [x > 2 ? 1 : 0 for x in v]"),
    ("lambda", "f(v) = map(lambda x: x + 1, v)", "f(v) = map(x -> x + 1, v)"),
    ("lambda", "f(v) = reduce(lambda x, y: x + y, v)", "f(v) = reduce((x, y) -> x + y, v)"),
    ("built-ins", "f(v) = len(v) + len(v)", "f(v) = length(v) + length(v)"),
    ("built-ins", "f(v) = sorted(v, reverse=True)", "f(v) = sort(v, rev=true)"),
    ("built-ins", "f(n) = list(str(n))", "f(n) = collect(string(n))"),
    ("numbers", "f(v) = max(v) - min(v)", "f(v) = maximum(v) - minimum(v)"),
    ("numbers", "f(v) = max(x^2 for x in v)", "f(v) = maximum(x^2 for x in v)"),
    ("numbers", "f(x) = round(int(x), 2)", "f(x) = round(trunc(Int, x), digits=2)"),
    ("numbers", "f(x) = isinstance(x, (int, str))", "f(x) = isa(x, Union{Integer, AbstractString})"),
    ("numbers", 'f() = float("inf")', "f() = Inf"),
    ("modules", "f(x) = math.sqrt(x) + math.floor(x) + math.pi", "f(x) = sqrt(x) + floor(Int, x) + pi"),
    ("modules", "f(v) = np.max(np.array(v))", "f(v) = maximum((v))"),
    ("ranges", "f(n) = sum(range(1, n + 1))", "f(n) = sum(1:n)"),
    ("ranges", "f(n) = sum(range(n))", "f(n) = sum(0:n-1)"),
    ("ranges", "f(n) = collect(range(n, 0, -1))", "f(n) = collect(n:-1:1)"),
    ("ranges", "f(n) = collect(range(2, 10, 2))", "f(n) = collect(2:2:9)"),
    ("indices", "f(v) = v[-1] + v[-2]", "f(v) = v[end] + v[end-1]"),
    ("indices", "f(v) = v[0] + v[1]", "f(v) = v[1] + v[2]"),
    (
        "indices",
        "f(v) = (v[1:], v[:2], v[:-1], v[::-1])",
        "f(v) = (v[2:end], v[1:2], v[1:end-1], reverse(v))",
    ),
    ("single quotes", "f() = 'ab' * 'a' * ''", 'f() = "ab" * \'a\' * ""'),
    ("single quotes", "f() = 'say \"hi\" for $5'", 'f() = "say \\"hi\\" for \\$5"'),
    ("f-strings", 'f(n) = f"{n} of {n+1:.2f} {{x}}"', 'f(n) = "$(n) of $(round(n+1, digits=2)) {x}"'),
    ("concatenation", 'f(s) = s + "x" + s', 'f(s) = s * "x" * s'),
    ("concatenation", 'f() = "-" * 3', 'f() = "-" ^ 3'),
    ("braces", 'f() = {"a": 1, "b": [2]}', 'f() = Dict("a" => 1, "b" => [2])'),
    ("braces", "f(v) = {x: 1 for x in v}", "f(v) = Dict(x => 1 for x in v)"),
    ("braces", "f() = {1, 2}", "f() = Set([1, 2])"),
    ("braces", "f(d = {}) = d", "f(d = Dict()) = d"),
    ("repeated list", "f(n) = [0] * n", "f(n) = fill(0, n)"),
    ("methods", "f(v) = v.append(1)", "f(v) = push!(v, 1)"),
    ("methods", "f(v) = v[1].strip().upper()", "f(v) = uppercase(strip(v[1]))"),
    ("methods", 'f(v) = ", ".join(v)', 'f(v) = join(v, ", ")'),
    ("methods", 'f(s) = s.replace("a", "b").split()', 'f(s) = split(replace(s, "a" => "b"))'),
    ("methods", 'f(s) = s.count("a")', 'f(s) = count(==("a"), s)'),
    ("methods", "f(v) = ' '.join(v)", "f(v) = join(v, ' ')"),
    ("methods", "f(v) = v[v.length() - 1]", "f(v) = v[length(v) - 1]"),
    ("missing using", "f(v) = mean(v)", "using Statistics\nf(v) = mean(v)"),
    (
        "concatenation",
        'function f(s)\n    r = ""\n    for c in s\n        r = c + r\n        r += c\n    end\n'
        "    return r + s\nend",
        'function f(s)\n    r = ""\n    for c in s\n        r = c * r\n        r *= c\n    end\n'
        "    return r * s\nend",
    ),
    (
        "one-line bodies",
        "function f(s)\n    n = 0\n    for c in s:n += 1\n    return n\nend",
        "function f(s)\n    n = 0\n    for c in s\n        n += 1\n    end\n    return n\nend",
    ),
    (
        "trailing code",
        "function f(x)\n    return 2x\nend\n\ndef g(x):\n    if x > 0:\n        return g(x",
        "function f(x)\n    return 2x\nend\n",
    ),
    ("loop targets", "f(v) = [a * b for a, b in v]", "f(v) = [a * b for (a, b) in v]"),
    ("increment", "begin\n    i++\nend", "begin\n    i += 1\nend"),
    ("imports", "import math\nfrom typing import List\nf(x) = x", "f(x) = x"),
    ("slash comments", "// twice\nf(x) = 2x", "# twice\nf(x) = 2x"),
    (
        "raise",
        'function f(x)\n    raise ValueError("no")\nend',
        'function f(x)\n    throw(ArgumentError("no"))\nend',
    ),
    ("pass", "function f(x)\n    pass\nend", "function f(x)\n    nothing\nend"),
    ("assert", 'begin\n    assert x > 0, "no"\nend', 'begin\n    @assert x > 0 "no"\nend'),
    ("annotations", "begin\n    x: int = 0\nend", "begin\n    x = 0\nend"),
    (
        "def",
        "def f(x: int, y: List[int] = 1) -> int:\n    return x ** y\n",
        "function f(x, y = 1)\n    return x ^ y\nend\n",
    ),
    (
        "missing end",
        "function f(n)\n    s = 0\n    for i in 1:n\n        if i % 2 == 0\n            s += i\n"
        "    return s\n",
        "function f(n)\n    s = 0\n    for i in 1:n\n        if i % 2 == 0\n            s += i\n"
        "        end\n    end\n    return s\nend\n",
    ),
    (
        "missing end",
        "function f(n)\n    if n > 1\n        return 1\n    else\n        return 2\nend",
        "function f(n)\n    if n > 1\n        return 1\n    else\n        return 2\n    end\nend",
    ),
    (
        "colons",
        "function f(x):  # why:\n    if x > 0:\n        return x\n    else:\n        return -x\n    end\nend",
        "function f(x)  # why:\n    if x > 0\n        return x\n    else\n        return -x\n    end\nend",
    ),
    (
        "one-line bodies",
        "function f(x)\n    if x > 0: return 1\n    return 2\nend",
        "function f(x)\n    if x > 0\n        return 1\n    end\n    return 2\nend",
    ),
    (
        "elif",
        "function f(x)\n    if x > 0\n        1\n    elif x < 0\n        2\n    end\nend",
        "function f(x)\n    if x > 0\n        1\n    elseif x < 0\n        2\n    end\nend",
    ),
    (
        "else if",
        "function f(x)\n    if x > 0\n        1\n    else if x < 0\n        2\n    end\nend",
        "function f(x)\n    if x > 0\n        1\n    elseif x < 0\n        2\n    end\nend",
    ),
    (
        "except",
        "function f(x)\n    try:\n        g(x)\n    except ValueError as e:\n        0\nend",
        "function f(x)\n    try\n        g(x)\n    catch e\n        0\n    end\nend",
    ),
    (
        "ranges",
        "function f(v)\n    s = 0\n    for i in range(len(v)):\n        s += v[i] * v[i - 1]\n    return s\n",
        "function f(v)\n    s = 0\n    for i in 0:length(v)-1\n        s += v[i+1] * v[i]\n    end\n"
        "    return s\nend\n",
    ),
]


@pytest.mark.parametrize(("rule", "python", "julia"), CASES)
def test_a_rule_and_its_note(rule: str, python: str, julia: str) -> None:
    rewritten, notes = rewrite_idioms(python, "f")
    assert rewritten == julia
    assert rule in {note.split(":")[0] for note in notes}


def test_every_rule_is_shown_above() -> None:
    assert {rule.name for rule in RULES} == {name for name, _, _ in CASES}


UNTOUCHED = [
    '# len(x) ** 2 and True:\nf(x) = "len(x) ** 2: None, and or not" #= def f(x): =#',
    'f(x) = r"\\d+ and // or" * """\nif x:\n  True\n"""',
    "f(a) = a'b' + a' * a'",
    "f(c) = c == 'a' || c == '\\n' || c == '\\''",
    "f(x)::Rational = x // 2",
    "f() = 1//2",
    "f(d) = d[:name]",
    "f(v) = v[2:end-1]",
    "f(n) = range(1, stop=n, length=5)",
    "f(x, y) = max(x, y)",
    "f(v) = max(v...)",
    "f(x) = x > 0 ? x : -x",
    "f(v) = Iterators.reverse(v), Base.count(isodd, v)",
    "len(x) = 3\nf(x) = len(x)",
    "mean(v) = sum(v)\nf(x) = mean(x)",
    "using Statistics: mean\nf(x) = mean(x)",
    "function f(x)\n    g(x)\nend\nfunction g(x)\n    x\nend",
    "function f(x)\n    x\nend\nfunction unused(x)\n    x\nend",
    'f(s) = (t = ""; t * s)',
    'f(x::Dict{String,Int}) = x["a"]',
    "f(x::T) where {T} = x",
    "f(d::Dict) = d[0]",
    'f(x) = "$(x["a"]) and $(x ^ 2)"',
    "for i = 1:3, j in 1:2\n    g(i, j)\nend",
    "if a\n    1\nelse if b\n    2\nend\nend",
    "x = @view v[1:end]\ny = [i for i in 1:3 if i > 1]",
    "map(1:3) do i\n    i\nend",
    "abstract type A end\nmutable struct B <: A\n    x::Int\nend",
    "f() = :end, :if, (a = 1, b = 2).a",
    '@testset "x" begin\n    @test f(1) == 1\nend',
    "function f(x) return x end",
    "let x = 1; x end",
    "quote\n    $x\nend",
    "x = if a 1 else 2 end",
    'f(s) = "a" * s * "b"',
    "f(x) = x .+ 1 |> sum",
    "A = [1 2; 3 4]'",
    "f(; kw...) = kw",
    "",
    "\n\n",
]


@pytest.mark.parametrize("code", UNTOUCHED)
def test_valid_julia_is_left_alone(code: str) -> None:
    assert rewrite_idioms(code, "f") == (code, ())


def test_the_function_asked_for_is_never_renamed() -> None:
    for name in ("len", "sorted", "max", "range"):
        code = f"function {name}(v)\n    {name}(v[2:end])\nend"
        assert rewrite_idioms(code, name) == (code, ())


def test_long_code_takes_no_long_time() -> None:
    code = "def f(x):\n" + "    if x > 0: x = len([1]) ** 2\n" * 1500
    began = time.thread_time()
    rewrite_idioms(code, "f")
    assert time.thread_time() - began < 5


pieces = st.sampled_from(
    [
        *keyword.kwlist,
        *(
            "end",
            "elseif",
            "function",
            "struct",
            "begin",
            "do",
            "let",
            "x",
            "f(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ":",
        ),
        *(
            "\n",
            "\n    ",
            "\n        ",
            " ",
            " ",
            "**",
            "//",
            "==",
            "=",
            "+=",
            "'",
            '"',
            '"""',
            "'''",
            "#",
            "#=",
            "=#",
        ),
        *(
            "f'",
            'f"',
            "{x}",
            "$(",
            "range(",
            "len(",
            "x.append(",
            ".join(",
            "x[-1]",
            "x[0]",
            "1",
            "0",
            ",",
            ";",
        ),
        *(
            "math.",
            "++",
            "->",
            "?",
            "\\",
            "é",
            "÷",
            "\ue000",
            "\x00",
            "lambda x: x",
            "if x else y",
            "not ",
            " and ",
        ),
    ]
)
garbage = st.lists(pieces, max_size=40).map("".join) | st.text(max_size=60)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(garbage)
def test_never_raises_and_twice_is_once(code: str) -> None:
    once, notes = rewrite_idioms(code, "f")
    assert bool(notes) == (once != code)
    assert rewrite_idioms(once, "f") == (once, ())


@settings(max_examples=300, deadline=None)
@given(garbage)
def test_masking_is_undone_by_unmasking(code: str) -> None:
    masked = mask(code)
    if masked is None:
        assert "\ue000" in code or "\ue001" in code
    else:
        assert masked.unmask() == code
