"""Which model to use, and the connection to it.

The order: what the caller or a setting says, then ``JULIA_AOT_BASE_URL`` (the setting's variable)
and ``OPENAI_BASE_URL``, then a server found on this machine, then the embedded one.
"""

from __future__ import annotations

import atexit
import difflib
import os
import threading
from dataclasses import replace
from pathlib import Path

from jupyter_julia_aot.errors import ModelError, NoServerError
from jupyter_julia_aot.model.address import normalise
from jupyter_julia_aot.model.client import OpenAIClient
from jupyter_julia_aot.model.discovery import Found, describe, discover, list_models
from jupyter_julia_aot.model.embedded import EmbeddedServer, embedded_reason
from jupyter_julia_aot.model.types import ModelClient
from jupyter_julia_aot.model.weights import Progress
from jupyter_julia_aot.records import ModelInfo
from jupyter_julia_aot.settings import settings

_ANSWER_SECONDS = 5.0
EMBEDDED = "embedded"
"""As ``base_url``: use the embedded model even when a server is running."""

_servers: dict[Path | None, EmbeddedServer] = {}
_servers_lock = threading.Lock()


def locate(base_url: str = "", model: str = "", api_key: str = "", *, embedded_ok: bool = True) -> ModelInfo:
    """What :func:`connect` would use, without starting anything.

    Raises as :func:`connect` does.
    """
    return _locate(base_url, model, api_key, embedded_ok)[0]


def connect(
    base_url: str = "",
    model: str = "",
    api_key: str = "",
    embedded_ok: bool = True,
    progress: Progress | None = None,
) -> ModelClient:
    """A client for the model in use; empty arguments leave the choice to settings and discovery.

    ``base_url="embedded"`` asks for the embedded model; ``model`` may be the path of a GGUF file
    for it. Raises :class:`NoServerError` when nothing answers (a configured address is never
    silently replaced by another), :class:`ModelError` when the model is not there (naming those
    that are) and :class:`SettingError` for an address that is none.
    """
    info, key, path = _locate(base_url, model, api_key, embedded_ok)
    seconds = settings().model_seconds
    if info.source != "embedded":
        return OpenAIClient(info, api_key=key, seconds=seconds)
    server = _embedded_server(path)
    with server.use(progress) as (address, _):
        info = replace(info, base_url=address)
    return OpenAIClient(info, seconds=seconds, lease=server.use, obituary=server.obituary)


def stop_embedded() -> None:
    """Stop the embedded servers of this process now (they also stop when idle, and with it)."""
    with _servers_lock:
        servers = list(_servers.values())
    for server in servers:
        server.stop()


def stop_unused() -> None:
    """Stop the embedded servers that nobody uses: a stop by the user leaves nothing behind."""
    with _servers_lock:
        servers = list(_servers.values())
    for server in servers:
        server.stop_unused()


def _embedded_server(path: Path | None) -> EmbeddedServer:
    with _servers_lock:
        if not _servers:
            atexit.register(stop_embedded)
        if path not in _servers:
            _servers[path] = EmbeddedServer(path)
        _servers[path].idle_seconds = settings().idle_seconds
        return _servers[path]


def _locate(base_url: str, model: str, api_key: str, embedded_ok: bool) -> tuple[ModelInfo, str, Path | None]:
    current = settings()
    wanted = model or current.model
    path = Path(wanted).expanduser() if wanted.lower().endswith(".gguf") else None
    address, origin, key = _configured(base_url, api_key)
    if address and address != EMBEDDED:
        address = normalise(address, origin)
        found = list_models(address, api_key=key, timeout=_ANSWER_SECONDS)
        info = describe(found, choose(found, wanted), api_key=key, origin=origin)
        return replace(info, source="configured"), key, None
    if not address and path is None:
        discovered = _discovered(wanted)
        if discovered is not None:
            return discovered, "", None
    if not embedded_ok and address != EMBEDDED:
        raise NoServerError(
            "no model server answers on this machine",
            remedy="start llama.cpp, vLLM, Ollama or LM Studio, or set base_url",
        )
    reason = embedded_reason()
    if reason:
        raise NoServerError(
            f"no model server answers on this machine, and {reason}",
            remedy="install it, start llama.cpp, vLLM, Ollama or LM Studio, or set base_url",
        )
    server = _embedded_server(path)
    if path is None and wanted and wanted != server.alias:
        raise ModelError(
            f"no server with a model {wanted!r} answers on this machine, and the embedded model is "
            f"{server.alias!r}",
            remedy="start the server that has it, set base_url, or leave the setting model empty",
        )
    info = ModelInfo(
        base_url="",
        model=server.alias,
        source="embedded",
        server="embedded",
        context_tokens=server.context,
        origin=address and origin,
        slots=server.slots,
    )
    return info, "", path


def _discovered(wanted: str) -> ModelInfo | None:
    """The first server on this machine that has the model; raises when there are only others."""
    problem: ModelError | None = None
    for info in discover():
        try:
            found = list_models(info.base_url, timeout=_ANSWER_SECONDS)
            return describe(found, choose(found, wanted), api_key="", origin=info.origin)
        except ModelError as error:
            problem = problem or error
    if problem is not None:
        raise problem
    return None


def _configured(base_url: str, api_key: str) -> tuple[str, str, str]:
    """``(address, where it came from, key)``; an empty address when none is configured."""
    current = settings()
    key = api_key or current.api_key
    if base_url and base_url != current.base_url:
        return base_url, "the option base_url", key
    if current.base_url:
        origin = current.origin("base_url")
        said = "" if origin == "session" else f" ({origin})"
        return current.base_url, f"the setting base_url{said}", key
    address = os.environ.get("JULIA_AOT_BASE_URL", "")
    if address:
        return address, "JULIA_AOT_BASE_URL", key
    address = os.environ.get("OPENAI_BASE_URL", "")
    if address:
        # That variable's own key; it is sent nowhere else.
        return address, "OPENAI_BASE_URL", key or os.environ.get("OPENAI_API_KEY", "")
    return "", "", key


def choose(found: Found, wanted: str) -> str:
    """The server's name for the model ``wanted``, or its first model when that is empty.

    Accepts another case, a missing tag (``:latest``), directory or file suffix, as long as it
    fits one model only. Raises :class:`ModelError` naming the models there are.
    """
    names = found.names
    place = f"{found.server if found.server != 'unknown' else 'the server'} at {found.base_url}"
    if not wanted:
        if names:
            return names[0]
        raise ModelError(f"{place} has no model", remedy="load one, or set the setting model")
    aliases = {str(a): str(m["id"]) for m in found.models for a in _list(m.get("aliases"))}
    if wanted in names or wanted in aliases:
        return aliases.get(wanted, wanted)
    like = [name for name in names if _plain(name) == _plain(wanted)]
    if len(like) == 1:
        return like[0]
    close = difflib.get_close_matches(wanted, names, n=1, cutoff=0.5)
    listed = ", ".join(names[:8]) + (", …" if len(names) > 8 else "") if names else "none"
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise ModelError(
        f"{place} has no model {wanted!r}; it has: {listed}", remedy=f"{hint}correct the setting model"
    )


def _plain(name: str) -> str:
    base = name.rsplit("/", 1)[-1].lower()
    return base.removesuffix(".gguf").removesuffix(":latest")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
