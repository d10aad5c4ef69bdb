"""The two routes of Julia cells, for tests that both must pass."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_julia_aot.records import Limits, Toolchain


@pytest.fixture(scope="session")
def worker_cells(toolchain: Toolchain) -> Iterator[Any]:
    from jupyter_julia_aot.trial import Session

    with Session(toolchain, limits=Limits(memory_bytes=2 << 30)) as session:
        yield session


@pytest.fixture(scope="session")
def juliacall_cells(juliacall_toolchain: Toolchain) -> Any:
    from jupyter_julia_aot.run.cells import in_process_cells

    return in_process_cells(juliacall_toolchain.path).cells


@pytest.fixture(params=["worker", "juliacall"])
def cells(request: pytest.FixtureRequest) -> Any:
    """Julia cells, by each route; one Julia for all tests."""
    return request.getfixturevalue(f"{request.param}_cells")
