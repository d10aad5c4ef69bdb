"""Signatures read off the oracle, what is sent to which model, and the order of its parts."""

from __future__ import annotations

import pytest

from jupyter_julia_aot.model import (
    build_request,
    default_sampling,
    extract,
    feedback,
    repair_request,
    signature,
)
from jupyter_julia_aot.model.sampling import parameters, prompt_style
from jupyter_julia_aot.model.signatures import calls, examples
from jupyter_julia_aot.records import Candidate, Fault, ModelInfo, Oracle, Prompt, Sampling, Trial

SMALL = ModelInfo(
    base_url="http://h/v1", model="smollm2-135m-instruct", source="embedded", context_tokens=8192
)
LARGE = ModelInfo(base_url="http://h/v1", model="Qwen3-Coder-30B-A3B-Instruct", source="configured")


def prompt(tests: str = "@test f(1) == 1", **more: object) -> Prompt:
    return Prompt(**{"name": "f", "request": "Do it.", "oracle": Oracle(source=tests), **more})  # type: ignore[arg-type]


def failed(code: str = "f(x) = y") -> tuple[Candidate, Trial]:
    candidate = Candidate(id="c", name="f", code=code, origin="model")
    fault = Fault(type="UndefVarError", message="y not defined", line=1)
    return candidate, Trial(candidate_id="c", verdict="error", error=fault)


# ---------------------------------------------------------------- signature


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        ("@test f([1, 2, 3]) == 14\n@test f(Float64[]) == 0", "f(v)"),
        ("@test f(3) == 6", "f(n)"),
        ("@test f(0.5) ≈ 0.125\n@test f(2) == 8", "f(x)"),
        ('@test f("abc") == "cba"', "f(s)"),
        ("@test f(3, 4) == 5", "f(a, b)"),
        ("@test f(3.0, 4) == 5", "f(x, n)"),
        ("@test f(3.0, 4) == 5\n@test f(3, 4.0) == 5", "f(x, y)"),
        ("@test f([1, 2], [3, 4]) == 11", "f(v, w)"),
        ("@test f([1, 2], 3)", "f(v, n)"),
        ("@test f([1 2; 3 4]) == 10", "f(A)"),
        ("@test f(x -> x^2, 2.0)", "f(f, x)"),
        ("@test f() == 1", "f()"),
        ('@test f("a,b(", "c") == 1', "f(s, t)"),
        ("@test f(f(2)) == 1", "f(x)"),
        ("@test_throws ArgumentError f(-1)", "f(n)"),
        ("@test f(1) == 1\n@test f(1, 2) == 1", None),
        ("@test f(1; k=2) == 1", None),
        ("@test f(1, k=2) == 1", None),
        ("@test f(xs...) == 1", None),
        ("@test g(1) == 1", None),
        ("@test f(1", None),
    ],
)
def test_signature_from_the_oracle(tests: str, expected: str | None) -> None:
    assert signature(prompt(tests)) == expected


def test_signature_from_python_asserts() -> None:
    oracle = Oracle(source="assert f([1, 2, 3]) == 14\nassert f([]) == 0", language="python")
    assert signature(prompt(oracle=oracle)) == "f(v)"


@pytest.mark.parametrize(
    ("request_", "tests", "expected"),
    [
        ("Return the hypotenuse of a triangle with legs a and b.", "@test f(3, 4) == 5", "f(a, b)"),
        ("Return the area of a circle with radius r.", "@test f(1) == pi", "f(r)"),
        ("Return x limited to the range from lo to hi.", "@test f(1, 2, 3) == 2", "f(x, lo, hi)"),
        ("Return `count` copies of `text`.", '@test f(2, "a") == "aa"', "f(count, text)"),
        ("Add x and y and z.", "@test f(1, 2) == 3", "f(a, b)"),
        ("Solve f(x) for a thing I said.", "@test f(1) == 3", "f(x)"),
    ],
)
def test_argument_names_the_request_speaks_of(request_: str, tests: str, expected: str) -> None:
    assert signature(prompt(tests, request=request_)) == expected


def test_the_users_signature_wins() -> None:
    assert signature(prompt(signature="f(x::Int)::Int")) == "f(x::Int)::Int"
    assert signature(prompt(signature="function f(x::Int)")) == "f(x::Int)"
    assert signature(prompt(signature="(x::Int)")) == "f(x::Int)"


def test_a_helper_defined_in_the_oracle_is_not_a_call() -> None:
    assert calls("function f(a, b)\nend\nf(1)", "f") == [("1",)]
    assert calls("m.f(1, 2)", "f") == []


def test_examples_are_the_first_checks() -> None:
    source = "using Test\nx = 1\n" + "\n".join(f"@test f({i}) == {i}" for i in range(20))
    shown = examples(Oracle(source=source))
    assert shown[0] == "@test f(0) == 0"
    assert len(shown) == 8


# ---------------------------------------------------------------- sampling


@pytest.mark.parametrize(
    ("name", "size", "style"),
    [
        ("smollm2-135m-instruct", 0.135, "completion"),
        ("SmolLM2-360M", 0.36, "completion"),
        ("Qwen3-Coder-30B-A3B-Instruct-Q4_K_M.gguf", 30, "chat"),
        ("qwen2.5-coder:7b", 7, "chat"),
        ("qwen2.5-coder:0.5b", 0.5, "completion"),
        ("gpt-4o", None, "chat"),
        ("llama-3.1-8b", 8, "chat"),
    ],
)
def test_size_and_style_from_the_name(name: str, size: float | None, style: str) -> None:
    assert parameters(name) == size
    assert prompt_style(name) == style


def test_qwen3_coder_has_its_makers_values() -> None:
    s = default_sampling("Qwen3-Coder-30B-A3B-Instruct")
    assert (s.temperature, s.top_p, s.top_k, s.repetition_penalty) == (0.7, 0.8, 20, 1.05)


def test_a_small_model_gets_short_answers_whatever_the_setting() -> None:
    request = build_request(prompt(), SMALL, Sampling(n=4, max_tokens=4096))
    assert (request.sampling.max_tokens or 0) <= 256


# ---------------------------------------------------------------- requests


def test_small_models_continue_a_text() -> None:
    request = build_request(prompt(request='Return """it""".'), SMALL, Sampling())
    assert request.messages is None
    assert request.text is not None
    assert request.text.endswith(request.given)
    assert request.given == "function f(n)"
    assert request.text.count('"""') % 2 == 0, "a request cannot end the docstring early"
    assert extract("\n    n\nend", "f", request) == "function f(n)\n    n\nend"


def test_without_a_known_signature_the_argument_list_is_open() -> None:
    request = build_request(Prompt(name="f", request="Do it."), SMALL, Sampling())
    assert request.given == "function f("


def test_large_models_get_a_chat_with_everything_they_need() -> None:
    made = build_request(
        prompt("@test f(3) == 9", context="const A = 1", signature="f(x::Int)"), LARGE, Sampling()
    )
    assert made.messages is not None
    system, user = made.messages
    assert (system.role, user.role) == ("system", "user")
    assert "```julia" in system.content
    for part in ("f(x::Int)", "Do it.", "@test f(3) == 9", "const A = 1"):
        assert part in user.content
    assert user.content.index("const A = 1") < user.content.index("Do it."), "the stable part comes first"


def test_reactant_rules_are_added_to_the_system_text() -> None:
    plain = build_request(prompt(), LARGE, Sampling()).messages
    traced = build_request(prompt(reactant=True), LARGE, Sampling()).messages
    assert plain is not None
    assert traced is not None
    assert traced[0].content.startswith(plain[0].content)
    assert "Reactant" in traced[0].content


@pytest.mark.parametrize("info", [SMALL, LARGE], ids=["small", "large"])
def test_two_tasks_share_their_beginning(info: ModelInfo) -> None:
    """The server's prefix cache holds it; anything volatile in front would cost a whole prompt."""
    one = build_request(prompt(request="Add."), info, Sampling()).prompt_text()
    two = build_request(prompt(request="Multiply."), info, Sampling()).prompt_text()
    assert one[:500] == two[:500]
    assert one == build_request(prompt(request="Add."), info, Sampling()).prompt_text()


def test_repair_begins_with_the_first_request_and_carries_the_error() -> None:
    candidate, trial = failed()
    first = build_request(prompt(), LARGE, Sampling())
    again = repair_request(prompt(), candidate, trial, LARGE, Sampling())
    assert first.messages is not None
    assert again.messages is not None
    assert again.messages[: len(first.messages)] == first.messages
    assert "f(x) = y" in again.messages[-2].content
    assert "UndefVarError at line 1: y not defined" in again.messages[-1].content
    assert again.prompt_text().startswith(first.prompt_text())


def test_repair_of_a_small_model_continues_a_text_too() -> None:
    candidate, trial = failed("f(x) = y\n\nz")
    first = build_request(prompt(), SMALL, Sampling())
    request = repair_request(prompt(), candidate, trial, SMALL, Sampling())
    assert request.text is not None
    assert first.text is not None
    assert "y not defined" in request.text
    assert "f(x) = y" not in request.text, "it would write on in that way"
    assert request.text.endswith(f'"""\n{request.given}')
    assert request.text.startswith(first.text[: first.text.rindex('"""')])
    wrong = Trial(candidate_id="c", verdict="failed", failures=("line 2: f(2) == 4\n  evaluated: 5 == 4",))
    request = repair_request(prompt(), candidate, wrong, SMALL, Sampling())
    assert "Do it.\nIt must hold: f(2) == 4\n" in (request.text or "")


def test_feedback_names_failed_checks_and_is_short() -> None:
    trial = Trial(candidate_id="c", verdict="failed", failures=("f(2) == 4: got 5", "x" * 9000))
    text = feedback(trial)
    assert "f(2) == 4: got 5" in text
    assert len(text) <= 2000


def test_context_that_does_not_fit_loses_its_oldest_definitions() -> None:
    context = "\n\n".join(f"function g{i}(x)\n    return x + {i}\nend" for i in range(3000))
    for info in (
        SMALL,
        ModelInfo(base_url="http://h", model="big-7b", source="configured", context_tokens=4096),
    ):
        text = build_request(prompt(context=context), info, Sampling(n=1, max_tokens=512)).prompt_text()
        assert "function g2999(x)" in text
        assert "function g0(x)" not in text
        assert "left out" in text
        assert len(text) / 3 < (info.context_tokens or 0)
