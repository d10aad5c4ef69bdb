"""An OpenAI-compatible server whose answers are written down: ``python model_server.py PORT``.

It answers by the function name in the prompt. Streaming and not, chat and plain completions.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOSTILE = 'evil_one(x) = error("<img src=x onerror=window.hacked=6><script>window.hacked=7</script>")'

ANSWERS = {
    "mean_of": "mean_of(x) = sum(x) / length(x)",
    "evil_one": HOSTILE,
    "runaway": "function runaway(x)\n    while true\n    end\nend",
    "add_one": "add_one(x) = x + 1",
    # Its answer does not end until the one who asks hangs up.
    "endless": "endless(x) = x",
}


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.endswith("/models"):
            model = {"id": self.server.model, "object": "model", "owned_by": "test"}  # type: ignore[attr-defined]
            self._send({"object": "list", "data": [model]})
        else:
            self._send({"error": {"message": f"nothing at {self.path}"}}, 404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        text = json.dumps(body.get("messages") or body.get("prompt") or "")
        names = [n for n in re.findall(r"\w+", text) if n in ANSWERS]
        # The last one named is the one asked for: earlier ones are examples.
        code = ANSWERS[names[-1]] if names else "answer(x) = x"
        answer = f"```julia\n{code}\n```\n"
        if self.path.endswith("/tokenize"):
            self._send({"error": {"message": "not here"}}, 404)
        elif body.get("stream"):
            self._stream(answer, int(body.get("n") or 1), chat="messages" in body)
        else:
            message = {"role": "assistant", "content": answer}
            count = int(body.get("n") or 1)
            choices = [
                {"index": i, "finish_reason": "stop", "text": answer, "message": message}
                for i in range(count)
            ]
            self._send({"id": "1", "object": "chat.completion", "choices": choices, "usage": usage(count)})

    def _stream(self, answer: str, n: int, *, chat: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        pieces = re.findall(r"\s*\S+|\s+$", answer)
        while "endless(" in answer:
            delta = {"delta": {"content": "and so on "}} if chat else {"text": "and so on "}
            self._event({"id": "1", "object": "chat.completion.chunk", "choices": [{"index": 0, **delta}]})
            time.sleep(0.05)  # the pace of a model of 20 tokens/s
        for number, piece in enumerate(pieces):
            for index in range(n):
                last = number == len(pieces) - 1
                choice: dict[str, Any] = {"index": index, "finish_reason": "stop" if last else None}
                choice |= {"delta": {"content": piece}} if chat else {"text": piece}
                self._event({"id": "1", "object": "chat.completion.chunk", "choices": [choice]})
            time.sleep(0.01)  # the pace of a model of 100 tokens/s
        self._event({"id": "1", "object": "chat.completion.chunk", "choices": [], "usage": usage(n)})
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def handle(self) -> None:
        """Serve a connection; one that hangs up in the middle of an answer is no fault."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            super().handle()

    def _event(self, value: dict[str, Any]) -> None:
        self.wfile.write(f"data: {json.dumps(value)}\n\n".encode())
        self.wfile.flush()

    def _send(self, value: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def usage(n: int) -> dict[str, Any]:
    """Token counts as a server reports them."""
    return {
        "prompt_tokens": 200,
        "completion_tokens": 20 * n,
        "total_tokens": 200 + 20 * n,
        "prompt_tokens_details": {"cached_tokens": 150},
    }


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    server.model = sys.argv[2] if len(sys.argv) > 2 else "scripted-coder"  # type: ignore[attr-defined]
    server.serve_forever()
