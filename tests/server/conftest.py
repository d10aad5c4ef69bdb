"""A Jupyter server with our extension, its data in a temporary directory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_julia_aot.history import History


@pytest.fixture(autouse=True)
def own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the user's is read or written."""
    monkeypatch.setenv("JULIA_AOT_DATA_DIR", str(tmp_path / "julia-data"))
    monkeypatch.setenv("JULIA_AOT_CACHE_DIR", str(tmp_path / "julia-cache"))


@pytest.fixture(scope="session", autouse=True)
def children_are_waited_for() -> Iterator[None]:
    """A server waits for a job's process when it looks at it; the tests' jobs are looked at no more."""
    from jupyter_julia_aot.server import jobs

    yield
    for child in jobs._CHILDREN.values():
        child.wait(120)


@pytest.fixture
def history(own_directories: None) -> Iterator[History]:
    """The history that the server reads."""
    with History() as opened:
        yield opened
