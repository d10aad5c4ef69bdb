"""Builds of the tests go to a cache of their own, so that nothing is taken from earlier sessions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_julia_aot.records import Toolchain


@pytest.fixture(scope="package")
def builds_cache(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cache directory of the builds of these tests; toolchains are found before it is set."""
    from jupyter_julia_aot.toolchain import find_toolchains

    find_toolchains()
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JULIA_AOT_CACHE_DIR", str(cache))
        yield cache


@pytest.fixture
def any_julia(toolchain: Toolchain, builds_cache: Path) -> Toolchain:
    return toolchain


@pytest.fixture
def juliac(toolchain112: Toolchain, builds_cache: Path) -> Toolchain:
    return toolchain112
