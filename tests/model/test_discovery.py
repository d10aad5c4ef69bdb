"""Finding servers, telling them apart, and choosing one; each wrong setting is one clear error."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_julia_aot.errors import ModelError, NoServerError, ServerError, SettingError
from jupyter_julia_aot.model import Request, connect, discover, locate
from jupyter_julia_aot.model import connecting as connecting_module
from jupyter_julia_aot.model.address import normalise
from jupyter_julia_aot.model.connecting import choose
from jupyter_julia_aot.model.discovery import Found, list_models
from jupyter_julia_aot.records import Sampling
from jupyter_julia_aot.settings import JuliaAot

from .scripted import Scripted, models, piece, scripted, streaming

LLAMA = {"owned_by": "llamacpp", "meta": {"n_ctx": 4096}}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fresh settings, no variables, and nothing found on this machine."""
    for name in ("OPENAI_BASE_URL", "JULIA_AOT_BASE_URL", "OPENAI_API_KEY", "JULIA_AOT_MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(connecting_module, "discover", lambda: ())
    JuliaAot.clear_instance()
    yield
    JuliaAot.clear_instance()


def found(*servers: Scripted) -> Any:
    ports = tuple((s.port, "unknown") for s in servers)
    return lambda: discover(ports=ports, timeout=2.0)


# ---------------------------------------------------------------- discovery


def test_it_names_what_it_found() -> None:
    with (
        scripted({"/v1/models": models("a.gguf", **LLAMA)}) as llama,
        scripted({"/v1/models": models("org/b", owned_by="vllm", max_model_len=32768)}) as vllm,
        scripted(
            {"/v1/models": models("text-embedding-nomic", "c", owned_by="organization_owner")}
        ) as studio,
        scripted({}) as other,
    ):
        here = discover(ports=tuple((s.port, "?") for s in (llama, vllm, other, studio)), timeout=2.0)
    assert [(i.server, i.model, i.context_tokens) for i in here] == [
        ("llama.cpp", "a.gguf", 4096),
        ("vLLM", "org/b", 32768),
        ("LM Studio", "c", None),
    ]
    assert all(i.source == "discovered" for i in here)


def test_it_gives_up_after_its_time_in_all() -> None:
    release = threading.Event()
    with scripted({"/v1/models": lambda e: release.wait(5)}) as silent, scripted({}) as other:
        began = time.monotonic()
        assert discover(timeout=0.2, ports=((silent.port, "a"), (silent.port, "b"), (other.port, "c"))) == ()
        taken = time.monotonic() - began
        release.set()
    assert taken < 0.35


@pytest.mark.parametrize(
    "body",
    [
        b"<html>Jupyter</html>",
        b"[]",
        b'{"data": 1}',
        b'{"data": [1, {"id": 2}]}',
        b"\xff\xfe",
        b"{" * 100_000,
    ],
)
def test_other_programs_on_the_port_are_no_model_server(body: bytes) -> None:
    with scripted({"/v1/models": lambda e: e.reply(body)}) as server:
        assert discover(ports=((server.port, "llama.cpp"),), timeout=2.0) == ()


# ---------------------------------------------------------------- which one is used


def test_the_order_is_option_setting_environment_discovered(monkeypatch: pytest.MonkeyPatch) -> None:
    def server(name: str) -> Any:
        return scripted({"/v1/models": models(name)})

    with (
        server("opt") as option,
        server("set") as setting,
        server("ours") as ours,
        server("env") as env,
        server("disc") as disc,
    ):
        monkeypatch.setattr(connecting_module, "discover", found(disc))
        assert (locate().model, locate().source) == ("disc", "discovered")
        monkeypatch.setenv("OPENAI_BASE_URL", env.url)
        assert (locate().model, locate().source, locate().origin) == ("env", "configured", "OPENAI_BASE_URL")
        monkeypatch.setenv("JULIA_AOT_BASE_URL", ours.url)
        JuliaAot.clear_instance()
        assert locate().model == "ours"
        assert "JULIA_AOT_BASE_URL" in locate().origin
        JuliaAot.instance().base_url = setting.url
        assert locate().model == "set"
        assert locate(base_url=option.url).model == "opt"


def test_without_any_server_it_is_the_embedded_one() -> None:
    info = locate()
    assert (info.source, info.server) == ("embedded", "embedded")


def test_embedded_can_be_asked_for_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted({"/v1/models": models("m")}) as server:
        monkeypatch.setattr(connecting_module, "discover", found(server))
        assert locate(base_url="embedded").source == "embedded"
    monkeypatch.setattr(connecting_module, "discover", lambda: ())
    with pytest.raises(NoServerError, match="no model server"):
        locate(embedded_ok=False)


def test_the_first_server_that_has_the_model_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted({"/v1/models": models("a")}) as one, scripted({"/v1/models": models("b", "c")}) as two:
        monkeypatch.setattr(connecting_module, "discover", found(one, two))
        assert locate(model="c").base_url == two.url
        with pytest.raises(ModelError, match="no model 'd'"):
            locate(model="d")


def test_what_llama_cpp_says_about_itself() -> None:
    routes = {
        "/v1/models": models("m.gguf", **LLAMA),
        "/props": lambda e: e.reply({"total_slots": 4, "default_generation_settings": {"n_ctx": 2048}}),
    }
    with scripted(routes) as server:
        info = locate(base_url=server.url)
    assert (info.server, info.context_tokens, info.slots) == ("llama.cpp", 2048, 4)


def test_an_openai_key_goes_to_its_own_server_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    with scripted({"/v1/models": models("m")}) as server:
        locate(base_url=server.url)
        JuliaAot.instance().base_url = server.url
        locate()
        assert all("Authorization" not in e.headers for e in server.seen)
        JuliaAot.clear_instance()
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        locate()
        assert server.seen[-1].headers["Authorization"] == "Bearer sk-secret"


# ---------------------------------------------------------------- wrong settings


def test_a_configured_server_that_is_down_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted({}) as gone:
        pass
    with scripted({"/v1/models": models("m")}) as other:
        monkeypatch.setattr(connecting_module, "discover", found(other))
        JuliaAot.instance().base_url = gone.url
        with pytest.raises(NoServerError, match="does not answer") as caught:
            connect()
    assert str(gone.port) in str(caught.value)
    assert "base_url" in caught.value.remedy


def test_html_where_the_model_list_should_be() -> None:
    page = b"<!doctype html><title>JupyterLab</title>"
    with (
        scripted({"/v1/models": lambda e: e.reply(page, content="text/html")}) as server,
        pytest.raises(ServerError, match="web page"),
    ):
        connect(base_url=server.url)


@pytest.mark.parametrize(
    ("status", "words"), [("401 Unauthorized", "API key"), ("404 Not Found", "status 404")]
)
def test_refusals(status: str, words: str) -> None:
    with (
        scripted({"/v1/models": lambda e: e.reply({}, status)}) as server,
        pytest.raises(ServerError, match=words),
    ):
        connect(base_url=server.url)


def test_a_wrong_model_name_lists_the_right_ones() -> None:
    with (
        scripted({"/v1/models": models("qwen3-coder:30b", "llama3:8b")}) as server,
        pytest.raises(ModelError, match="has no model 'qwen3-codr:30b'") as caught,
    ):
        connect(base_url=server.url, model="qwen3-codr:30b")
    assert "llama3:8b" in str(caught.value)
    assert "did you mean 'qwen3-coder:30b'" in str(caught.value)


def test_a_server_without_models() -> None:
    with scripted({"/v1/models": models()}) as server, pytest.raises(ModelError, match="no model"):
        connect(base_url=server.url)


def test_a_wrong_name_without_any_server() -> None:
    with pytest.raises(ModelError, match="no server with a model 'qwen'"):
        locate(model="qwen")


@pytest.mark.parametrize("address", ["ftp://host/v1", "http://", "http://host:99999/v1", "http://[bad/v1"])
def test_no_address(address: str) -> None:
    with pytest.raises(SettingError, match="the option base_url"):
        locate(base_url=address)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("http://h:1", "http://h:1/v1"),
        ("http://h:1/", "http://h:1/v1"),
        ("h:1/v1/", "http://h:1/v1"),
        ("https://h/api/v1", "https://h/api/v1"),
        ("http://h:1/v1/chat/completions", "http://h:1/v1"),
    ],
)
def test_addresses_people_write(given: str, used: str) -> None:
    assert normalise(given, "x") == used


def test_a_server_elsewhere_is_asked_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted({"http://elsewhere.test/v1/models": models("m")}) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert locate(base_url="http://elsewhere.test/v1").model == "m"
        assert len(proxy.seen) == 1


def test_a_server_on_this_machine_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    routes = {"/v1/models": models("m"), "/v1/completions": streaming([piece("x", finish="stop")])}
    with scripted(routes) as server:
        client = connect(base_url=server.url)
        assert list(client.generate(Request(text="x", sampling=Sampling(n=1))))
        client.close()


@pytest.mark.parametrize(
    ("wanted", "name"),
    [("", "org/A-7B.gguf"), ("a-7b", "org/A-7B.gguf"), ("b", "b:latest"), ("short", "org/A-7B.gguf")],
)
def test_names_people_write(wanted: str, name: str) -> None:
    models = ({"id": "org/A-7B.gguf", "aliases": ["short"]}, {"id": "b:latest"})
    assert choose(Found("http://h/v1", "unknown", models), wanted) == name


def test_llama_cpp_is_known_by_its_server_header() -> None:
    def act(exchange: Any) -> None:
        data = b'{"data": [{"id": "m"}]}'
        exchange.send(
            b"HTTP/1.1 200 OK\r\nServer: llama.cpp\r\nContent-Length: %d\r\n\r\n%s" % (len(data), data)
        )

    with scripted({"/v1/models": act}) as server:
        assert list_models(server.url).server == "llama.cpp"
