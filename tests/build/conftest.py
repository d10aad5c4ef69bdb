"""Builds of the tests go to a cache of their own, so that nothing is taken from earlier sessions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_julia_aot.records import Toolchain


@pytest.fixture(scope="package")
def builds_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The cache directory of the builds of these tests.

    Julia and the worker image are the ones of the machine: a kernel or a command that a test starts
    finds them, too.
    """
    from jupyter_julia_aot.settings import cache_dir, settings
    from jupyter_julia_aot.toolchain import find_toolchains

    found = find_toolchains()
    workers = cache_dir() / "workers"
    cache = tmp_path_factory.mktemp("cache")
    if workers.is_dir():
        (cache / "workers").symlink_to(workers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JULIA_AOT_CACHE_DIR", str(cache))
        if found and not os.environ.get("JULIA_AOT_JULIA"):
            patch.setenv("JULIA_AOT_JULIA", found[0].path)  # for the processes that tests start
            patch.setattr(settings(), "julia", found[0].path)  # for this one, which has read its settings
        yield cache


@pytest.fixture
def any_julia(toolchain: Toolchain, builds_cache: Path) -> Toolchain:
    return toolchain


@pytest.fixture
def juliac(toolchain112: Toolchain, builds_cache: Path) -> Toolchain:
    return toolchain112
