"""Fixtures that every folder of tests shares.

Nothing a test does may touch the user's own files: history, settings and Jupyter data go to a
directory of this test session. The cache directory stays the user's, because it holds what takes
minutes to fetch (a Julia, a language model) and what is keyed by content.
"""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from jupyter_julia_aot.errors import CapabilityError, NoJuliaError
from jupyter_julia_aot.records import Capability, Toolchain

_ISOLATED = {
    "JULIA_AOT_DATA_DIR": "julia_aot",
    "JUPYTER_DATA_DIR": "jupyter/data",
    "JUPYTER_CONFIG_DIR": "jupyter/config",
    "JUPYTER_RUNTIME_DIR": "jupyter/runtime",
    "IPYTHONDIR": "ipython",
}
# Whose server answers, and at whose cost, is for each test to say.
_UNSET = ("JULIA_AOT_BASE_URL", "JULIA_AOT_API_KEY", "JULIA_AOT_MODEL", "OPENAI_BASE_URL", "OPENAI_API_KEY")

# The same examples on every machine, however slow: whoever breaks something sees it, and nobody else does.
# `make soak` looks for new ones.
hypothesis_settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.register_profile("searching", deadline=None, max_examples=2000)
hypothesis_settings.load_profile("steady")

# A background job of a shell ignores Ctrl-C, and whatever it starts does so, too; tests that stop things
# with it must not depend on how they were started.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def isolated_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Directories of this session for the history, settings and Jupyter; in the environment, so
    that processes the tests start inherit them."""
    root = tmp_path_factory.mktemp("home")
    before = {name: os.environ.get(name) for name in (*_ISOLATED, *_UNSET)}
    for name in _UNSET:
        os.environ.pop(name, None)
    for name, folder in _ISOLATED.items():
        path = root / folder
        path.mkdir(parents=True)
        os.environ[name] = str(path)
    # No test starts minutes of work in the background; an image that `setup` has made is used.
    os.environ.setdefault("JULIA_AOT_WORKER_IMAGE", "existing")
    yield root
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@pytest.fixture(scope="session")
def toolchain() -> Toolchain:
    """The best Julia of this machine (``JULIA_AOT_JULIA`` when set); skips when there is none."""
    return _toolchain("trial")


@pytest.fixture(scope="session")
def toolchain112() -> Toolchain:
    """A Julia with ``juliac``; skips with the reason when there is none."""
    return _toolchain("juliac")


@pytest.fixture(scope="session")
def juliacall_toolchain() -> Toolchain:
    """A Julia that juliacall accepts, with PythonCall; skips with the reason when there is none."""
    return _toolchain("juliacall")


def _toolchain(capability: Capability) -> Toolchain:
    from jupyter_julia_aot.toolchain import choose_toolchain

    try:
        return choose_toolchain(capability)
    except (NoJuliaError, CapabilityError) as error:
        pytest.skip(str(error))


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A directory that this process cannot write to, even when root runs the tests.

    Root may write anywhere, so it becomes nobody for the length of the test; whatever the test
    needs must have been imported, and be readable to all.
    """
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)
        yield folder
    finally:
        if user == 0:
            os.seteuid(0)
        folder.rmdir()


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """``wait_until(condition, seconds=60.0)``: poll until ``condition()`` holds, else fail."""

    def wait(condition: Callable[[], object], seconds: float = 60.0) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"not true after {seconds} s: {condition}")
            time.sleep(0.01)

    return wait
