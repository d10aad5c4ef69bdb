"""The language model: finding its server, asking it, and reading Julia out of its answers.

``connect()`` gives a :class:`ModelClient`; ``build_request`` turns a prompt into what is sent,
``extract`` the answer into code. ``openai`` is imported with the first request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_julia_aot.lazily import lazily

if TYPE_CHECKING:
    from jupyter_julia_aot.model.connecting import connect, locate, stop_embedded, stop_unused
    from jupyter_julia_aot.model.discovery import discover
    from jupyter_julia_aot.model.embedded import embedded_reason
    from jupyter_julia_aot.model.extraction import extract
    from jupyter_julia_aot.model.prompt import build_request, feedback, repair_request
    from jupyter_julia_aot.model.sampling import default_sampling
    from jupyter_julia_aot.model.signatures import signature
    from jupyter_julia_aot.model.types import Answer, Chunk, Message, ModelClient, Request
    from jupyter_julia_aot.model.weights import install_model, installed
    from jupyter_julia_aot.model.wire import requests_at_once

_HOMES = {
    "Answer": "types",
    "Chunk": "types",
    "Message": "types",
    "ModelClient": "types",
    "Request": "types",
    "build_request": "prompt",
    "connect": "connecting",
    "default_sampling": "sampling",
    "discover": "discovery",
    "embedded_reason": "embedded",
    "extract": "extraction",
    "feedback": "prompt",
    "install_model": "weights",
    "installed": "weights",
    "locate": "connecting",
    "repair_request": "prompt",
    "requests_at_once": "wire",
    "signature": "signatures",
    "stop_embedded": "connecting",
    "stop_unused": "connecting",
}

__all__ = [
    "Answer",
    "Chunk",
    "Message",
    "ModelClient",
    "Request",
    "build_request",
    "connect",
    "default_sampling",
    "discover",
    "embedded_reason",
    "extract",
    "feedback",
    "install_model",
    "installed",
    "locate",
    "repair_request",
    "requests_at_once",
    "signature",
    "stop_embedded",
    "stop_unused",
]

__getattr__ = lazily(__name__, _HOMES)
