"""The client against a scripted server: streams, counts, cancellation, and every bad answer."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from jupyter_julia_aot.errors import (
    ContextOverflowError,
)
from jupyter_julia_aot.model.client import OpenAIClient
from jupyter_julia_aot.model.types import Chunk, ModelClient, Request
from jupyter_julia_aot.model.wire import requests_at_once
from jupyter_julia_aot.records import ModelInfo, Sampling
from tests.patience import A_SECOND

from .asking import CHAT, TEXT, answers, ask, chat, completion, failing, total
from .scripted import Exchange, delta, piece, scripted, streaming, usage


def test_it_is_a_model_client() -> None:
    client = OpenAIClient(ModelInfo(base_url="http://127.0.0.1:1/v1", model="m", source="configured"))
    assert isinstance(client, ModelClient)


def test_pieces_come_before_the_answer_and_add_up_to_it() -> None:
    script = [piece("\n  x"), piece("^2"), piece("\nend", finish="stop", **usage(4, 3))]
    with scripted({TEXT: streaming(script)}) as server:
        items = ask(server, completion())
    assert [i.text for i in items if isinstance(i, Chunk)] == ["\n  x", "^2", "\nend"]
    (answer,) = answers(items)
    assert answer.text == "\n  x^2\nend"
    assert answer.finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (4, 3)
    assert answer.usage.seconds > 0


def test_pieces_arrive_while_the_server_is_still_writing() -> None:
    go_on = threading.Event()

    def act(exchange: Exchange) -> None:
        exchange.head()
        exchange.events([piece("a")], done=False)
        go_on.wait(10)
        exchange.events([piece("b", finish="stop")])

    with scripted({TEXT: act}) as server:
        client = OpenAIClient(server.info())
        stream = client.generate(completion())
        assert next(stream) == Chunk(index=0, text="a")
        go_on.set()
        assert next(stream) == Chunk(index=0, text="b")
        client.close()


def test_what_is_sent() -> None:
    with scripted({CHAT: streaming([delta("x", finish="stop")])}) as server:
        sampling = {"temperature": 0.7, "top_p": 0.8, "top_k": 20, "repetition_penalty": 1.05, "seed": 5}
        ask(server, chat(**sampling), "llama.cpp", slots=4)
        ask(server, chat(**sampling), "unknown")
    llama, unknown = (e.body for e in server.seen)
    assert llama["stream"] is True
    assert llama["stream_options"] == {"include_usage": True}
    assert (llama["top_k"], llama["repeat_penalty"], llama["seed"]) == (20, 1.05, 5)
    assert "top_k" not in unknown, "a hosted service refuses fields it does not know"
    assert unknown["messages"] == [{"role": "user", "content": "write f"}]


# ---------------------------------------------------------------- n answers, and their tokens


def test_llama_cpp_gets_one_request_and_its_usages_add_up() -> None:
    """llama.cpp streams one usage per sample; the prompt is the same one for all."""
    script = [
        piece("a", 0), piece("b", 1), piece("c", 2), piece("b", 1),
        piece("", 1, "stop", **usage(10, 2, 7)),
        piece("", 0, "stop", **usage(10, 1, 7)),
        piece("", 2, "length", **usage(10, 1, 7)),
    ]  # fmt: skip
    with scripted({TEXT: streaming(script)}) as server:
        items = ask(server, completion(3), "llama.cpp", slots=4)
    assert len(server.seen) == 1
    assert server.seen[0].body["n"] == 3
    assert [a.text for a in answers(items)] == ["a", "bb", "c"]
    assert [a.usage.completion_tokens for a in answers(items)] == [1, 2, 1]
    spent = total(items)
    assert (spent.prompt_tokens, spent.completion_tokens, spent.cached_tokens) == (10, 4, 7)


def test_llama_cpp_chat_usage_comes_in_a_chunk_of_its_own() -> None:
    def bare(completion_tokens: int) -> dict[str, Any]:
        return {**delta(None), "choices": [], **usage(10, completion_tokens)}

    script = [
        delta("a", 0),
        delta("b", 1),
        delta("b", 1),
        delta(None, 0, "stop"),
        bare(2),
        delta(None, 1, "stop"),
        bare(3),
    ]
    with scripted({CHAT: streaming(script)}) as server:
        items = ask(server, chat(2), "llama.cpp", slots=4)
    assert [a.usage.completion_tokens for a in answers(items)] == [2, 3]
    assert total(items).prompt_tokens == 10


def test_more_answers_than_slots_take_several_requests_with_their_own_seeds() -> None:
    def act(exchange: Exchange) -> None:
        exchange.head()
        n = exchange.body.get("n", 1)
        exchange.events([piece("x", i, "stop", **usage(5, 1)) for i in range(n)])

    with scripted({TEXT: act}) as server:
        items = ask(server, completion(10, seed=100), "llama.cpp", slots=4)
    assert [e.body.get("n", 1) for e in server.seen] == [4, 4, 2]
    assert [e.body["seed"] for e in server.seen] == [100, 104, 108]
    assert [a.index for a in answers(items)] == list(range(10))
    assert (total(items).prompt_tokens, total(items).completion_tokens) == (15, 10)


def test_vllm_reports_one_usage_for_all() -> None:
    script = [
        delta("a", 0),
        delta("b", 1),
        delta(None, 1, "stop"),
        delta(None, 0, "stop"),
        {**delta(None), "choices": [], **usage(9, 30)},
    ]
    with scripted({CHAT: streaming(script)}) as server:
        items = ask(server, chat(2), "vLLM")
    assert server.seen[0].body["n"] == 2
    assert (total(items).prompt_tokens, total(items).completion_tokens) == (9, 30)


@pytest.mark.parametrize("kind", ["Ollama", "LM Studio", "unknown"])
def test_servers_without_n_get_parallel_requests(kind: str) -> None:
    together = threading.Barrier(4)

    def act(exchange: Exchange) -> None:
        together.wait(10)  # passes only when four requests are there at once
        exchange.head()
        exchange.events([delta("x", 0, "stop", **usage(6, 2))])

    with scripted({CHAT: act}) as server:
        items = ask(server, chat(4, seed=1), kind)
    assert len(server.seen) == 4
    assert all("n" not in e.body for e in server.seen)
    assert sorted(e.body["seed"] for e in server.seen) == [1, 2, 3, 4]
    assert (total(items).prompt_tokens, total(items).completion_tokens) == (24, 8)


def test_a_server_that_ignores_n_is_asked_for_the_others() -> None:
    with scripted({TEXT: streaming([piece("x", 0, "stop", **usage(3, 1))])}) as server:
        items = ask(server, completion(3), "vLLM")
    assert [a.index for a in answers(items)] == [0, 1, 2]
    assert len(server.seen) == 3
    assert total(items).completion_tokens == 3


def test_usage_sent_with_every_piece_counts_once() -> None:
    script = [delta("a", **usage(5, 1)), delta("b", **usage(5, 2)), delta("", finish="stop", **usage(5, 2))]
    with scripted({CHAT: streaming(script)}) as server:
        assert total(ask(server, chat())).completion_tokens == 2


def test_a_server_without_usage_is_counted_by_pieces() -> None:
    with scripted({CHAT: streaming([delta("a"), delta("b"), delta(None, finish="stop")])}) as server:
        assert total(ask(server, chat())).completion_tokens == 2


def test_seconds_add_up_to_the_wall_clock() -> None:
    script = [piece("a", i, "stop") for i in range(4)]
    with scripted({TEXT: streaming(script)}) as server:
        began = time.monotonic()
        items = ask(server, completion(4), "vLLM")
        wall = time.monotonic() - began
    assert 0 < total(items).seconds <= wall


def test_a_server_that_does_not_stream() -> None:
    document = {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}], **usage(3, 1)}
    with scripted({CHAT: lambda e: e.reply(document)}) as server:
        items = ask(server, chat())
    assert [a.text for a in answers(items)] == ["hi"]
    assert total(items).completion_tokens == 1


def test_thoughts_are_not_the_answer() -> None:
    thought = delta(None)
    thought["choices"][0]["delta"] = {"reasoning_content": "hmm"}
    with scripted({CHAT: streaming([thought, delta("f"), delta(None, finish="stop")])}) as server:
        assert answers(ask(server, chat()))[0].text == "f"


# ---------------------------------------------------------------- stopping


@pytest.mark.parametrize("when", ["before the headers", "before the first piece", "in the middle"])
def test_cancelling_frees_the_server_within_a_second(when: str) -> None:
    reached, freed = threading.Event(), threading.Event()

    def act(exchange: Exchange) -> None:
        if when != "before the headers":
            exchange.head()
        if when == "in the middle":
            exchange.events([piece("x")], done=False)
        reached.set()
        if exchange.wait_until_closed():
            freed.set()

    cancel = threading.Event()
    with scripted({TEXT: act}) as server:
        client = OpenAIClient(server.info())
        threading.Thread(target=lambda: (reached.wait(10), cancel.set()), daemon=True).start()
        items = list(client.generate(completion(), cancel))
        stopped = time.monotonic()
        assert freed.wait(1.0)
        assert time.monotonic() - stopped < A_SECOND
        client.close()
    if when == "in the middle":
        assert items[0] == Chunk(index=0, text="x")
        assert [(a.text, a.finish_reason, a.usage.completion_tokens) for a in answers(items)] == [
            ("x", "cancelled", 1)
        ]
    else:
        assert items == []


def test_closing_the_iterator_frees_the_server() -> None:
    freed = threading.Event()

    def act(exchange: Exchange) -> None:
        exchange.head()
        exchange.events([piece("x")], done=False)
        if exchange.wait_until_closed():
            freed.set()

    with scripted({TEXT: act}) as server:
        client = OpenAIClient(server.info())
        stream = client.generate(completion())
        next(stream)
        stream.close()  # type: ignore[attr-defined]
        assert freed.wait(1.0)
        client.close()


def test_a_set_cancel_sends_nothing() -> None:
    cancel = threading.Event()
    cancel.set()
    with scripted({TEXT: streaming([])}) as server:
        assert list(OpenAIClient(server.info()).generate(completion(), cancel)) == []
        assert server.seen == []


def test_the_client_works_again_after_a_stop_and_a_close() -> None:
    with scripted({TEXT: streaming([piece("x", finish="stop")])}) as server:
        client = OpenAIClient(server.info())
        for _ in range(2):
            assert len(answers(list(client.generate(completion())))) == 1
            client.close()


# ---------------------------------------------------------------- the context


@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        (
            {"error": {"type": "exceed_context_size_error", "n_prompt_tokens": 9000, "n_ctx": 4096,
                       "message": "request exceeds the available context size"}},
            (9000, 4096),
        ),
        (
            {"object": "error", "message": "This model's maximum context length is 4096 tokens. However, you "
             "requested 5000 tokens (4744 in the messages, 256 in the completion)."},
            (4744, 4096),
        ),
    ],
    ids=["llama.cpp", "vLLM"],
)  # fmt: skip
def test_prompt_longer_than_the_context(body: Any, numbers: tuple[int, int]) -> None:
    error, _ = failing(lambda e: e.reply(body, "400 Bad Request"))
    assert isinstance(error, ContextOverflowError)
    assert (error.prompt_tokens, error.context_tokens) == numbers
    assert all(str(n) in str(error) for n in numbers)


def test_a_prompt_that_cannot_fit_is_not_sent() -> None:
    error, requests = failing(streaming([]), chat(text="x y " * 20_000), context_tokens=4096)
    assert isinstance(error, ContextOverflowError)
    assert error.context_tokens == 4096
    assert requests == 0


def test_llama_cpp_counts_the_tokens_and_the_answer_is_shortened() -> None:
    routes = {
        "/tokenize": lambda e: e.reply({"tokens": list(range(900))}),
        TEXT: streaming([piece("x", finish="stop")]),
    }
    request = Request(text="ab " * 700, sampling=Sampling(n=1, max_tokens=500))
    with scripted(routes) as server:
        ask(server, request, "llama.cpp", context_tokens=1000, slots=1)
    assert [e.path for e in server.seen] == ["/tokenize", TEXT]
    assert 50 <= server.seen[1].body["max_tokens"] <= 99


def test_a_full_context_is_told_from_max_tokens() -> None:
    with scripted({TEXT: streaming([piece("x", finish="length", **usage(996, 4))])}) as server:
        (answer,) = answers(ask(server, completion(), context_tokens=1000))
        assert answer.finish_reason == "context"
    with scripted({TEXT: streaming([piece("x", finish="length", **usage(10, 50))])}) as server:
        (answer,) = answers(ask(server, completion(), context_tokens=1000))
        assert answer.finish_reason == "length"


def test_ollama_cuts_the_prompt_silently_and_we_say_so() -> None:
    """Ollama's /v1 ignores num_ctx: the prompt is cut to the context it was started with."""
    script = [delta("x", finish="stop", **usage(4000, 96))]
    with scripted({CHAT: streaming(script)}) as server:
        got = answers(ask(server, chat(3, text="word " * 10_000), "Ollama"))
    warnings = [warning for answer in got for warning in answer.warnings]
    assert len(warnings) == 1, "once, not once per request"
    assert "OLLAMA_CONTEXT_LENGTH" in warnings[0]


def test_ollama_with_a_full_context_may_have_cut_the_prompt() -> None:
    script = [delta("x", finish="length", **usage(4000, 96))]
    with scripted({CHAT: streaming(script)}) as server:
        (answer,) = answers(ask(server, chat(text="word " * 2000), "Ollama", context_tokens=4096))
    assert answer.finish_reason == "context"
    assert "may have been cut" in answer.warnings[0]


def test_a_server_that_counts_oddly_is_not_accused_of_cutting() -> None:
    with scripted({CHAT: streaming([delta("x", finish="stop", **usage(10, 1))])}) as server:
        assert answers(ask(server, chat(text="word " * 1000)))[0].warnings == ()


def test_a_cache_that_does_not_hold_is_reported_once() -> None:
    text = "the same long beginning " * 60
    script = [delta("x", finish="stop", **usage(400, 1, 5))]
    with scripted({CHAT: streaming(script)}) as server:
        first = answers(ask(server, chat(text=text + "a")))[0]
        second = answers(ask(server, chat(text=text + "b")))[0]
        third = answers(ask(server, chat(text=text + "c")))[0]
    assert first.warnings == ()
    assert "prompt cache held 5 of about" in second.warnings[0]
    assert third.warnings == ()


def test_a_cache_that_holds_is_no_warning() -> None:
    text = "the same long beginning " * 60
    with scripted({CHAT: streaming([delta("x", finish="stop", **usage(400, 1, 390))])}) as server:
        ask(server, chat(text=text + "a"))
        assert answers(ask(server, chat(text=text + "b")))[0].warnings == ()


@pytest.mark.parametrize(
    ("server", "n", "at_once"),
    [("llama.cpp", 2, 1), ("embedded", 1, 1), ("Ollama", 2, 1), ("vLLM", 2, 32), ("unknown", 3, 2)],
)
def test_where_slots_keep_their_own_prompts_requests_wait_for_each_other(
    server: str, n: int, at_once: int
) -> None:
    info = ModelInfo(base_url="http://127.0.0.1:1/v1", model="m", source="configured", server=server, slots=8)
    assert requests_at_once(info, n) == at_once
