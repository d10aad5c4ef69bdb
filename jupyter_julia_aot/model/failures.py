"""From what ``openai`` and the servers raise to errors of ours."""

from __future__ import annotations

import json
import re
from typing import Any

from jupyter_julia_aot.errors import (
    ContextOverflowError,
    ModelError,
    ModelTimeoutError,
    NoServerError,
    ServerError,
)
from jupyter_julia_aot.records import ModelInfo

_LONGEST = 300
_TOO_LONG = re.compile(
    r"exceed_context_size|maximum context length"
    r"|context (?:size|length|window|overflow)|context the overflows",
    re.IGNORECASE,
)
_SHORTER = "shorten the prompt or its context, or start the server with a larger context"


def where(info: ModelInfo) -> str:
    """How a message names the server."""
    name = info.server if info.server != "unknown" else "the model server"
    origin = f", from {info.origin}" if info.origin else ""
    return f"{name} at {info.base_url}{origin}"


def overflow(prompt_tokens: int | None, context_tokens: int | None) -> ContextOverflowError:
    """The prompt does not fit; both numbers in tokens, ``None`` when unknown."""
    numbers = ""
    if prompt_tokens is not None and context_tokens is not None:
        numbers = f": {prompt_tokens} tokens, and the context is {context_tokens}"
    elif context_tokens is not None:
        numbers = f" of {context_tokens} tokens"
    return ContextOverflowError(
        f"the prompt is longer than the model's context{numbers}",
        remedy=_SHORTER,
        prompt_tokens=prompt_tokens,
        context_tokens=context_tokens,
    )


def translate(error: BaseException, info: ModelInfo, *, received: int = 0) -> ModelError:
    """The error of ours for ``error``, an exception of ``openai``, its transport or its JSON reader.

    ``received`` is the number of pieces that had come: a broken connection means something else
    then.
    """
    import openai

    if isinstance(error, ModelError):
        return error
    if isinstance(error, (TimeoutError, openai.APITimeoutError)):
        return ModelTimeoutError(
            f"{where(info)} did not finish in time",
            remedy="raise the setting model_seconds, lower max_tokens, or use a faster model",
        )
    if isinstance(error, openai.APIStatusError):
        return _status(error, info)
    if isinstance(error, openai.APIConnectionError):
        cause = _cause(error)
        if received or not _refused(error):
            return ServerError(
                f"{where(info)} closed the connection in the middle of an answer ({cause})",
                remedy="look into the server's log; it may have crashed or run out of memory",
            )
        return NoServerError(
            f"{where(info)} does not answer ({cause})", remedy="start it, or correct the setting base_url"
        )
    if isinstance(error, openai.APIError):
        return _body(error.body, str(error), info)
    if isinstance(error, ValueError):
        return ServerError(
            f"{where(info)} sent something that is no answer: {_short(str(error))}",
            remedy="check that base_url is the address of an OpenAI-compatible API (it ends in /v1)",
        )
    return ServerError(f"{where(info)}: {type(error).__name__}: {_short(str(error))}")


def not_an_answer(info: ModelInfo, content_type: str, start: str) -> ServerError:
    """The response has status 200 but is a web page or the like."""
    kind = "a web page" if "html" in content_type or start.lstrip().lower().startswith("<") else content_type
    return ServerError(
        f"{where(info)} sent {kind or 'something'} instead of an answer: {_short(start)!r}",
        remedy="check that base_url is the address of an OpenAI-compatible API (it ends in /v1) "
        "and that no proxy is in between",
    )


def _status(error: Any, info: ModelInfo) -> ModelError:
    status: int = error.status_code
    content = str(error.response.headers.get("content-type", ""))
    if "html" in content:
        return ServerError(
            f"{where(info)} answered with status {status} and a web page",
            remedy="check that base_url is the address of an OpenAI-compatible API (it ends in /v1)",
        )
    if status in (401, 403):
        return ServerError(f"{where(info)} refuses the API key", remedy="set api_key")
    if status == 404:
        return ServerError(
            f"{where(info)} does not know the model {info.model!r} or the address: {_message(error.body)}",
            remedy="correct the setting model or base_url; `jupyter julia-aot doctor` lists what was found",
        )
    if status == 429:
        return ServerError(f"{where(info)} refuses more requests now: {_message(error.body)}", remedy="wait")
    if status == 503:
        return ServerError(
            f"{where(info)} is not ready: {_message(error.body)}", remedy="wait until the model is loaded"
        )
    return _body(error.body, str(error), info, status)


def _body(body: object, text: str, info: ModelInfo, status: int | None = None) -> ModelError:
    message = _message(body) or _short(text)
    if _TOO_LONG.search(f"{message} {_field(body, 'type')} {_field(body, 'code')}"):
        prompt, context = _field(body, "n_prompt_tokens"), _field(body, "n_ctx")
        if isinstance(prompt, int) and isinstance(context, int):
            return overflow(prompt, context)
        return overflow(*_numbers(message, info))
    number = f" with status {status}" if status is not None else ""
    return ServerError(f"{where(info)} answered{number}: {message}", remedy="look into the server's log")


def _numbers(message: str, info: ModelInfo) -> tuple[int | None, int | None]:
    """Prompt and context tokens out of a sentence such as vLLM's."""
    context = re.search(r"(?:maximum context length|context (?:size|length|window))\D{0,20}(\d+)", message)
    prompt = re.search(r"(\d+) (?:tokens )?(?:in the (?:messages|prompt)|input tokens)", message)
    prompt = prompt or re.search(r"(?:prompt|messages|request)\D{0,40}?(\d+) tokens", message)
    limit = int(context.group(1)) if context else info.context_tokens
    return (int(prompt.group(1)) if prompt else None), limit


def _field(body: object, name: str) -> object:
    if isinstance(body, dict):
        inner = body.get("error")
        value = body.get(name)
        return value if value is not None or not isinstance(inner, dict) else inner.get(name)
    return None


def _message(body: object) -> str:
    message = _field(body, "message")
    if message is None and isinstance(body, dict):
        message = body.get("error") or body.get("detail") or json.dumps(body)
    return _short(str(message if message is not None else body or ""))


def _short(text: str) -> str:
    text = " ".join(text[: 10 * _LONGEST].split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 2] + " …"


def _refused(error: BaseException) -> bool:
    """Whether no connection could be made at all."""
    cause = error.__cause__
    return cause is None or type(cause).__name__ in ("ConnectError", "ConnectTimeout", "UnsupportedProtocol")


def _cause(error: BaseException) -> str:
    cause = error.__cause__
    return _short(str(cause)) or type(cause).__name__ if cause is not None else _short(str(error))
