"""``jupyter julia-aot serve``: a server that others find, in the foreground, gone with Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from jupyter_julia_aot.cli import main
from jupyter_julia_aot.model.embedded import embedded_reason
from jupyter_julia_aot.model.weights import installed
from tests.cli.contract import CONTRACT, assert_shaped_like

COMMAND = [sys.executable, "-m", "jupyter_julia_aot.cli", "serve", "--json"]
reason = embedded_reason() or ("" if installed() else "the embedded model's file is not installed")
needs_model = pytest.mark.skipif(bool(reason), reason=reason)


@contextmanager
def served(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """The command and what it printed once it was ready."""
    with subprocess.Popen(
        [*COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            text = ""
            while not text.rstrip().endswith("}"):
                line = process.stdout.readline()
                assert line, process.communicate()[1]
                text += line
            yield process, json.loads(text)
        finally:
            process.kill()


def ask(url: str, key: str = "", body: dict[str, Any] | None = None) -> dict[str, Any]:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 - our own server
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=120) as reply:
        answer: dict[str, Any] = json.load(reply)
    return answer


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@needs_model
@pytest.mark.model
def test_it_answers_the_openai_protocol_and_ends_with_ctrl_c(wait_until: Callable[..., None]) -> None:
    with served("--port", "0", "--key", "sesame") as (process, said):
        assert_shaped_like(said, CONTRACT["serve"])
        models = ask(f"{said['base_url']}/models", "sesame")
        assert [m["id"] for m in models["data"]] == [said["model"]]
        question = {
            "model": said["model"],
            "max_tokens": 4,
            "messages": [{"role": "user", "content": "Say yes."}],
        }
        answer = ask(f"{said['base_url']}/chat/completions", "sesame", question)
        assert answer["choices"][0]["message"]["content"]
        with pytest.raises(urllib.error.HTTPError, match="401"):
            ask(f"{said['base_url']}/chat/completions", "", question)
        # A shell's background job ignores Ctrl-C, and so do its children: SIGTERM ends it as well.
        ignored = signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, None)
        process.send_signal(signal.SIGTERM if ignored else signal.SIGINT)
        assert process.wait(60) == 0
        wait_until(lambda: gone(said["pid"]), 60.0)


@needs_model
@pytest.mark.model
def test_it_says_so_when_its_server_dies() -> None:
    with served("--port", "0") as (process, said):
        os.kill(said["pid"], signal.SIGKILL)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 2
        assert "killed by SIGKILL" in errors


def test_a_taken_port_and_a_missing_file_are_said_before_anything_starts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["serve", "--port", str(port)]) == 2
    assert f"port {port} is taken" in capsys.readouterr().err
    assert main(["serve", "--gguf", "no/such.gguf"]) == 2
    assert "no/such.gguf" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["serve", "--port", "70000"])
    assert "70000" in capsys.readouterr().err
