"""The notebooks run as on a machine without a language model of its own."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def embedded_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the tests may have a server running, with a model that answers differently."""
    monkeypatch.setenv("JULIA_AOT_BASE_URL", "embedded")
