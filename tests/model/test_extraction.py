"""Julia out of real answers, and the promise of extract for any text at all."""

from __future__ import annotations

import re
import textwrap
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_julia_aot.model import Message, Request, extract
from jupyter_julia_aot.model.extraction import LONGEST_ANSWER

F = "function f(x)\n    return x^2\nend"


def continuing(prefix: str = "function f(x)") -> Request:
    return Request(text=f"# examples\n\n{prefix}", given=prefix)


def signed(head: str = "f(x)") -> Request:
    return Request(messages=(Message(role="user", content="write f"),), given=f"function {head}\n")


@pytest.mark.parametrize(
    "answer",
    [
        f"```julia\n{F}\n```",
        f"```\n{F}\n```",
        f"```Julia\n{F}\n```",
        f"```jl\n{F}\n```",
        f"``` {{.julia}}\n{F}\n```",
        f'```julia title="f.jl"\n{F}\n```',
        f"~~~julia\n{F}\n~~~",
        f"````julia\n{F}\n````",
        f"```text\n{F}\n```",
        f"Sure! Here is the function:\n\n```julia\n{F}\n```\n\nIt squares `x`.",
        f"```julia\n{F}",
        f"```julia\n{F}\n",
        f"```julia\r\n{F}\n```".replace("\n", "\r\n"),
        F,
        f"Here is the function you asked for:\n\n{F}\n\nThis function returns the square of x.",
        f"<think>\nThe user wants ```julia\nf(x) = 0\n``` no.\n</think>\n\n```julia\n{F}\n```",
        f"I should square it. f(x) = 1?\n</think>\n```julia\n{F}\n```",
        f"<thinking>{F.replace('2', '3')}</thinking>{F}",
        f"```julia\n{F}\n```<|im_end|>\n<|im_start|>assistant\n",
        "- First:\n\n  ```julia\n" + textwrap.indent(F, "  ") + "\n  ```",
        f"```julia\n{F}\n\nprintln(f(3))  # 9\n```",
        f"```julia\n{F}\n\n# Example usage\n@test f(3) == 9\nprintln(f(3))\n```",
        f"```bash\njulia f.jl\n```\n\n```julia\n{F}\n```\n\n```\n9\n```",
        f"```python\ndef f(x):\n    return x**2\n```\n\nIn Julia:\n\n```julia\n{F}\n```",
        f"Draft:\n```julia\nfunction f(x)\n    x^3\nend\n```\nCorrected:\n```julia\n{F}\n```",
        "julia> function f(x)\n           return x^2\n       end\nf (generic function)\n\njulia> f(3)\n9",
    ],
)  # fmt: skip
def test_forms_of_an_answer(answer: str) -> None:
    assert "return x^2" in extract(answer, "f")
    code = extract(answer, "f")
    assert code.splitlines()[:3] == F.splitlines()
    for foreign in ("println", "@test", "9", "```", "<", "Here", "cube"):
        assert foreign not in code


@pytest.mark.parametrize(
    "definition",
    [
        "f(x) = x^2",
        "f(x::Int)::Int = x^2",
        "f(x::T) where {T<:Number} = x^2",
        "f(x::T)::T where T = x^2",
        "@inline f(x) = x^2",
        "f = x -> x^2",
        "const f = sum ∘ collect",
        "f(x) = begin\n    y = x\n    y^2\nend",
        "f(x) =\n    x^2",
        'function f(v)\n    s = "end"  # not the end\n    v[end] + (:end isa Symbol)\nend',
        "function f(v)\n    [x for x in v if x > 0]\nend",
        "function f(v)\n    sum(x^2 for x in v)\nend",
        "function f(v)\n    map(v) do x\n        x > 0 ? x : -x\n    end\nend",
        "function f(v)\n    #= if for\n    while =# v'\nend",
        'function f(s)\n    "$(join([c for c in s], ", "))"\nend',
        "function f(c)\n    c == '\"' || c == '\\'' || c == 'x'\nend",
        "function f(n)\n    for i in 1:n\n        if i > 2\n            i\n        end\n    end\nend",
        "function f(x::T) where {T<:Real}\n    try\n        x\n    catch\n        zero(T)\n    end\nend",
        '"""\n    f(x)\n\nThe square.\n"""\nfunction f(x)\n    x^2\nend',
        "function f!(v)\n    v .= 0\nend",
        "Base.@propagate_inbounds function f(x)\n    x\nend",
    ],
)
def test_a_definition_between_prose_is_cut_out_whole(definition: str) -> None:
    name = "f!" if "f!" in definition else "f"
    answer = f"Of course, here it is.\n\n{definition}\n\nThis works for all inputs.\nLet me know!"
    assert extract(answer, name) == definition


def test_helpers_in_other_blocks_come_along() -> None:
    answer = (
        "A helper:\n```julia\nsquare(x) = x^2\n```\nThe function:\n```julia\nf(x) = square(x)\n```\n"
        "Usage:\n```julia\njulia> f(3)\n9\n```\nUnrelated:\n```julia\ng(x) = 1\n```"
    )
    assert extract(answer, "f") == "square(x) = x^2\n\nf(x) = square(x)"


def test_definitions_in_plain_text_keep_helpers_types_and_imports() -> None:
    code = "using LinearAlgebra\n\nstruct P\n    x::Int\nend\n\nf(p::P) = p.x"
    assert extract(f"Here:\n\n{code}\n\nDone.", "f") == code


def test_methods_of_one_function_stay_together() -> None:
    code = "f(x::Int) = 1\nf(x::String) = 2"
    assert extract(f"```julia\n{code}\n```", "f") == code
    assert extract(code, "f").split() == code.split()


DOCUMENTED = f'''"""
    f(x)

The square.

# Examples

```jldoctest
julia> f(3)
9

julia> f(0)
0
```
"""
{F}'''


@pytest.mark.parametrize("tag", ["jldoctest", "", "julia", "julia-repl"])
@pytest.mark.parametrize("closed", ["\n```\n\nThis works.\n\n```julia\njulia> f(3)\n9\n```", "\n```", ""])
def test_fences_and_prompts_in_a_docstring_are_its_examples(tag: str, closed: str) -> None:
    code = DOCUMENTED.replace("jldoctest", tag)
    assert extract(f"Certainly!\n\n```julia\n{code}{closed}", "f") == code
    assert extract(f"Certainly!\n\n{code}\n\nThis works.", "f") == code


def test_a_fence_in_a_docstring_that_nothing_closes() -> None:
    code = DOCUMENTED.replace("0\n```", "0").replace("jldoctest", "")
    assert code.count("```") == 1
    assert extract(f"```julia\n{code}\n```\nDone.", "f") == code


def test_a_docstring_that_nothing_closes_ends_with_its_block() -> None:
    assert extract(f'```julia\n"""\nDraft\n```\nBetter:\n```julia\n{DOCUMENTED}\n```', "f") == DOCUMENTED


def test_two_blocks_with_docstrings_stay_two() -> None:
    helper = DOCUMENTED.replace("f(", "g(")
    code = DOCUMENTED.replace("x^2", "g(x)")
    assert extract(f"```julia\n{helper}\n```\nand\n```\n{code}\n```", "f") == f"{helper}\n\n{code}"


def test_examples_of_its_use_do_not_come_along() -> None:
    documented = '"""\nReturns the encoded text.\n"""\nencode(s) = reverse(s)'
    usage = '```julia\nencoded = encode("ab")\nprintln(encoded)\n```'
    assert extract(f"```julia\n{documented}\n```\nExample:\n{usage}", "encode") == documented


@pytest.mark.parametrize("fence", [("", ""), ("```julia\n", "\n```")])
def test_a_transcript_behind_the_code_is_dropped(fence: tuple[str, str]) -> None:
    answer = f"{fence[0]}{F}\n\n# Example usage\njulia> f(3)\n9\n\njulia> f(0)\n0{fence[1]}"
    assert extract(answer, "f") == F


def test_a_blank_before_the_answer() -> None:
    assert extract(f" {F}\n", "f") == F


def test_inline_code() -> None:
    assert extract("Use `f(x) = x^2` for that.", "f") == "f(x) = x^2"


def test_transcript_of_several_lines() -> None:
    answer = (
        "```julia-repl\njulia> a = 1\n1\n\njulia> f(x) = x + 1\nf (generic function with 1 method)\n\n"
        "julia> f(2)\n3\n```"
    )
    assert "f(x) = x + 1" in extract(answer, "f").splitlines()
    assert "generic function" not in extract(answer, "f")


def test_another_name_is_returned_for_the_trial_to_judge() -> None:
    assert extract("```julia\ng(x) = x\n```", "f") == "g(x) = x"


@pytest.mark.parametrize(
    "answer", ["", "   \n", "I cannot do that.", "Sorry, no.\n\nReally not.", "<think>f(x) = 1"]
)
def test_no_julia(answer: str) -> None:
    assert extract(answer, "f") == ""
    assert extract(answer, "f", signed()) == ""


# ---------------------------------------------------------------- a body without its signature


@pytest.mark.parametrize(
    "answer", ["    return x^2\nend", "```julia\n    return x^2\nend\n```", "```julia\nreturn x^2\n```"]
)
def test_a_bare_body_in_a_chat_gets_its_signature(answer: str) -> None:
    code = extract(answer, "f", signed())
    assert [line.strip() for line in code.splitlines()] == ["function f(x)", "return x^2", "end"]


@pytest.mark.parametrize(
    "tail",
    ["", "\n", "\n\n\"\"\"\nNext task.\n\"\"\"\nfunction g(x)\n    1\nend\n",
     "\n\nfunction g(y)\n  y\nend", "\n# more\n", "<|endoftext|>junk"],
)  # fmt: skip
def test_a_continuation_is_cut_at_the_end_of_the_function(tail: str) -> None:
    assert extract("\n    return x^2\nend" + tail, "f", continuing()) == F


def test_a_continuation_of_an_open_signature() -> None:
    assert extract("x)\n    return x^2\nend\n\nfoo", "f", continuing("function f(")) == F


def test_a_continuation_without_end_is_cut_at_the_next_example() -> None:
    answer = '\n    for i in x:\n        s += i\n    return s\n\n"""\nNext.\n"""\nfunction g(x)\n'
    assert (
        extract(answer, "f", continuing()) == "function f(x)\n    for i in x:\n        s += i\n    return s"
    )


@pytest.mark.parametrize("answer", [F, f"\n{F}\n", f"```julia\n{F}\n```", f'"""\nSquare.\n"""\n{F}'])
def test_an_answer_that_repeats_the_prompt(answer: str) -> None:
    code = extract(answer, "f", continuing())
    assert code.endswith(F)
    assert code.count("function f") == 1


# ---------------------------------------------------------------- any text at all

FRAGMENTS = st.sampled_from(
    [
    "```", "```julia\n", "~~~", "julia> ", "<think>", "</think>", "<|im_end|>", "function f(",
    "function f(x)\n", "end\n", "end", "\n", "\n\n", '"""', '"', "'", "`", "#=", "=#", "# ", "$(", "(",
    ")", "[", "]", "{", "}", "if x", "for i in ", "f(x) = ", "f(", "return x\n", "struct P\n",
    "using Test\n", "module M\n", "begin", "do x\n", ":end", "@test ", "println(1)\n", "const a = 1\n",
    "    ", "\r\n", "\r", "\u2028", "\x0c", "\x00", "é", "÷", "𝒳", ";", ",", "=", "==", "->", "::",
    "where T", "def f(x):\n", "1.", "- ", "> ", "       ", "\t",
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(st.one_of(FRAGMENTS, st.text(max_size=8)), max_size=40).map("".join),
)
REQUESTS = st.one_of(
    st.none(),
    st.sampled_from(
        [signed(), continuing(), continuing("function f("), continuing('"""\nDoc.\n"""\nfunction f(x)\n')]
    ),
)


def pieces(text: str) -> list[str]:
    return [line for line in re.split(r"[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", text) if line.strip()]


@settings(max_examples=600, deadline=None)
@given(TEXTS, REQUESTS)
@example("```julia\nf(x) = 1;", None)
@example("function f(x\n\n", continuing())
def test_it_never_raises_and_never_invents(answer: str, request: Request | None) -> None:
    code = extract(answer, "f", request)
    prefix = request.given if request is not None else ""
    source = [*pieces(answer), *pieces(prefix), *pieces(prefix + answer)]
    if request is not None and code.endswith("\nend"):
        source.append("end")  # which the given signature opened
    joint = (pieces(prefix) or [""])[-1].strip()
    for line in pieces(code):
        rest = line.strip().removeprefix(joint).strip()
        assert any(line.strip() in known or rest in known for known in source), line


@settings(max_examples=100, deadline=None)
@given(st.lists(FRAGMENTS, min_size=1, max_size=6), st.integers(min_value=1, max_value=400))
def test_repetition_takes_no_longer(fragments: list[str], times: int) -> None:
    answer = "".join(fragments) * times
    began = time.thread_time()
    extract(answer, "f")
    extract(answer, "f", continuing())
    assert time.thread_time() - began < 5 + len(answer) * 1e-4


@pytest.mark.parametrize(
    "unit",
    [
    "f(", "(", "function f(\n", "f(x) = \n", '"', '"""', "`", "```\n", "<think>", "$(", '"$(', "::",
    "where ", "#=", "julia> x\n", "if\n", "'", "end\n", "f(x)::", "const ", "- ", "using A\n", '"\n',
    "a = (\n",
],
)  # fmt: skip
def test_hostile_repetition_stays_fast(unit: str) -> None:
    answer = unit * (LONGEST_ANSWER // 5 // len(unit))
    began = time.thread_time()
    extract(answer, "f")
    extract(answer, "f", continuing())
    assert time.thread_time() - began < 20


@given(
    st.sampled_from([F, "f(x) = x", "f(x) = begin\n    x\nend"]),
    st.sampled_from(["", "julia", "jl", "Julia"]),
    st.text("abc \n", max_size=30),
)
def test_a_fenced_definition_is_found_whatever_surrounds_it(code: str, tag: str, prose: str) -> None:
    assert extract(f"{prose}\n```{tag}\n{code}\n```\n{prose}", "f") == code
