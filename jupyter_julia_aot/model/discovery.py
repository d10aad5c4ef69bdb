"""Which model servers run on this machine, and what a server at a given address is.

The probe asks every well-known port at once and gives up after 0.2 seconds in all; it uses plain
HTTP and imports nothing heavy. Whatever answers is untrusted: only its model list is read.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from jupyter_julia_aot.errors import ModelError, NoServerError, ServerError
from jupyter_julia_aot.model.address import is_loopback, root_url
from jupyter_julia_aot.model.failures import not_an_answer, where
from jupyter_julia_aot.records import ModelInfo

PORTS: tuple[tuple[int, str], ...] = (
    (8080, "llama.cpp"),
    (9931, "llama.cpp"),
    (8000, "vLLM"),
    (11434, "Ollama"),
    (1234, "LM Studio"),
)
"""Default ports and the server that is expected there (its answer decides what it is)."""

_LONGEST_REPLY = 4 << 20
_DETAIL_SECONDS = 2.0
_OWNERS = {"llamacpp": "llama.cpp", "vllm": "vLLM", "sglang": "SGLang", "organization_owner": "LM Studio"}


@dataclass(frozen=True, slots=True)
class Found:
    """A server's model list. ``models`` holds the entries as the server sent them."""

    base_url: str
    server: str
    models: tuple[dict[str, Any], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the models that write text, in the server's order."""
        names = [str(m["id"]) for m in self.models]
        return tuple(n for n in names if not any(w in n.lower() for w in ("embed", "rerank", "whisper")))


def discover(timeout: float = 0.2, ports: tuple[tuple[int, str], ...] = PORTS) -> tuple[ModelInfo, ...]:
    """The servers that answer on this machine's well-known ports, within ``timeout`` seconds in all.

    One entry per server with its first model, in the order of ``ports``.
    """
    results: dict[int, ModelInfo] = {}

    def probe(position: int, port: int, expected: str) -> None:
        base_url = f"http://127.0.0.1:{port}/v1"
        try:
            found = list_models(base_url, timeout=timeout, expected=expected)
        except ModelError:
            return  # nothing there, or something else: not a model server
        if found.names:
            results[position] = _info(found, found.names[0], f"port {port}")

    threads = [
        threading.Thread(target=probe, args=(i, port, expected), daemon=True, name=f"julia-aot-probe-{port}")
        for i, (port, expected) in enumerate(ports)
    ]
    deadline = time.monotonic() + timeout
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    snapshot = dict(results)  # a late thread may still add to it
    return tuple(snapshot[i] for i in sorted(snapshot))


def list_models(base_url: str, *, api_key: str = "", timeout: float = 2.0, expected: str = "") -> Found:
    """The models of the server at ``base_url`` and what kind of server it is.

    Raises :class:`NoServerError` when nothing answers and :class:`ServerError` when what answers
    is no OpenAI-compatible server.
    """
    here = ModelInfo(base_url=base_url, model="", source="configured")
    status, headers, body = get(f"{base_url}/models", api_key=api_key, timeout=timeout)
    content = headers.get("content-type", "")
    if status in (401, 403):
        raise ServerError(f"{where(here)} refuses the API key", remedy="set api_key")
    if status >= 400:
        raise ServerError(
            f"{where(here)} answered with status {status} to a question for its models",
            remedy="check that base_url is the address of an OpenAI-compatible API (it ends in /v1)",
        )
    try:
        data = json.loads(body)["data"]
        models = tuple(m for m in data if isinstance(m, dict) and isinstance(m.get("id"), str))
    except (ValueError, KeyError, TypeError) as error:
        raise not_an_answer(here, content, body[:300].decode(errors="replace")) from error
    return Found(base_url, _kind(models, headers, urlsplit(base_url).port, expected), models)


def _kind(
    models: tuple[dict[str, Any], ...], headers: dict[str, str], port: int | None, expected: str
) -> str:
    if "llama.cpp" in headers.get("server", "").lower():
        return "llama.cpp"
    owners = {str(m.get("owned_by", "")).lower().replace("-", "_") for m in models}
    for owner, server in _OWNERS.items():
        if owner in owners:
            return server
    if port == 11434 and ("library" in owners or expected == "Ollama"):
        return "Ollama"
    return "unknown"


def _info(found: Found, model: str, origin: str) -> ModelInfo:
    entry = next((m for m in found.models if m["id"] == model), {})
    meta = entry.get("meta") if isinstance(entry.get("meta"), dict) else {}
    context = entry.get("max_model_len") or (meta or {}).get("n_ctx")
    return ModelInfo(
        base_url=found.base_url,
        model=model,
        source="discovered",
        server=found.server,
        context_tokens=context if isinstance(context, int) else None,
        origin=origin,
    )


def describe(found: Found, model: str, *, api_key: str, origin: str) -> ModelInfo:
    """What else the server says about itself: its context and how many answers it writes at once.

    Each server has its own way; one that has none of them is described by its model list alone.
    """
    info = _info(found, model, origin)
    root = root_url(found.base_url)
    if found.server == "llama.cpp":
        props = _json(f"{root}/props", api_key)
        settings = props.get("default_generation_settings")
        context = settings.get("n_ctx") if isinstance(settings, dict) else None
        return replace(
            info,
            context_tokens=context if isinstance(context, int) else info.context_tokens,
            slots=props["total_slots"] if isinstance(props.get("total_slots"), int) else 1,
        )
    if found.server == "Ollama":
        running = _json(f"{root}/api/ps", api_key).get("models")
        for entry in running if isinstance(running, list) else ():
            if isinstance(entry, dict) and entry.get("name") == model:
                context = entry.get("context_length")
                return replace(info, context_tokens=context if isinstance(context, int) else None)
    if found.server == "LM Studio":
        entry = _json(f"{root}/api/v0/models/{model}", api_key)
        context = entry.get("loaded_context_length") or entry.get("max_context_length")
        return replace(info, context_tokens=context if isinstance(context, int) else None)
    return info


def _json(url: str, api_key: str) -> dict[str, Any]:
    """A JSON object, or an empty one when the server has no such page."""
    try:
        status, _, body = get(url, api_key=api_key, timeout=_DETAIL_SECONDS)
        value = json.loads(body) if status == 200 else {}
    except (ModelError, ValueError):
        return {}  # details are optional
    return value if isinstance(value, dict) else {}


def get(url: str, *, api_key: str = "", timeout: float) -> tuple[int, dict[str, str], bytes]:
    """``(status, headers, body)`` of a GET; header names in lower case, the body at most 4 MiB.

    Raises :class:`NoServerError` when no answer comes within ``timeout`` seconds.
    """
    parts = urlsplit(url)
    here = ModelInfo(base_url=f"{parts.scheme}://{parts.netloc}", model="", source="configured")
    headers = {"Accept": "application/json", "Connection": "close"}
    if api_key:
        headers["Authorization"] = f"Bearer {api_key}"
    try:
        return _get_here(url, headers, timeout) if is_loopback(url) else _get_remote(url, headers, timeout)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NoServerError(
            f"{where(here)} does not answer ({str(error) or type(error).__name__})",
            remedy="start it, or correct the setting base_url",
        ) from error


def _get_here(url: str, headers: dict[str, str], timeout: float) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    try:
        connection.request("GET", parts.path or "/", headers=headers)
        reply = connection.getresponse()
        body = reply.read(_LONGEST_REPLY)
        return reply.status, {k.lower(): v for k, v in reply.getheaders()}, body
    finally:
        connection.close()


def _get_remote(url: str, headers: dict[str, str], timeout: float) -> tuple[int, dict[str, str], bytes]:
    """As the client itself does it: through the environment's proxy, with its certificates."""
    import httpx2  # openai's transport

    try:
        with httpx2.Client(timeout=timeout) as client, client.stream("GET", url, headers=headers) as reply:
            body = b""
            for block in reply.iter_bytes():
                body += block
                if len(body) > _LONGEST_REPLY:
                    break
            return reply.status_code, {k.lower(): v for k, v in reply.headers.items()}, body
    except httpx2.HTTPError as error:
        raise OSError(str(error) or type(error).__name__) from error
