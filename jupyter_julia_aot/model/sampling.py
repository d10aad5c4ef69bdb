"""How to sample from which family of models."""

from __future__ import annotations

import re
from typing import Literal

from jupyter_julia_aot.records import Sampling

Style = Literal["chat", "completion"]

_SIZE = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)(b|m)(?![a-z0-9])", re.IGNORECASE)


def parameters(model: str) -> float | None:
    """The number of parameters, in billions, that a model's name tells (``smollm2-135m`` → 0.135)."""
    sizes = [
        float(n) * (1.0 if unit.lower() == "b" else 1e-3)
        for n, unit in _SIZE.findall(model.replace("_", "-"))
    ]
    return max(sizes) if sizes else None


def prompt_style(model: str) -> Style:
    """``completion`` for models too small to follow a chat (below one billion parameters)."""
    size = parameters(model)
    return "completion" if size is not None and size < 1.0 else "chat"


def default_sampling(model_name: str) -> Sampling:
    """What the model's makers recommend, else moderate values; ``n`` and the seed are the caller's.

    Qwen3-Coder: from its model card (temperature 0.7, top_p 0.8, top_k 20, repetition penalty 1.05).
    Small models (SmolLM2): temperature 0.6: measured, 0.3 solves more samples of fewer tasks.
    """
    name = model_name.lower()
    if prompt_style(name) == "completion":
        return Sampling(temperature=0.6, top_p=0.95, max_tokens=160)
    if re.search(r"qwen-?3.*coder", name):
        return Sampling(temperature=0.7, top_p=0.8, top_k=20, repetition_penalty=1.05, max_tokens=1024)
    if re.search(r"qwen-?3", name):
        return Sampling(temperature=0.6, top_p=0.95, top_k=20, min_p=0.0, max_tokens=4096)
    if "gpt-oss" in name:
        return Sampling(temperature=1.0, top_p=1.0, max_tokens=4096)
    if "devstral" in name or "codestral" in name or "mistral" in name:
        return Sampling(temperature=0.15, top_p=0.95, max_tokens=1024)
    if "deepseek" in name:
        return Sampling(temperature=0.6, top_p=0.95, max_tokens=2048)
    return Sampling(temperature=0.7, top_p=0.9, max_tokens=1024)
