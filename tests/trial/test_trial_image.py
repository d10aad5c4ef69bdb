"""The worker image: when there is one, when there is none and why, and that nothing depends on it."""

from __future__ import annotations

import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_julia_aot.errors import BuildError, Cancelled
from jupyter_julia_aot.records import Limits, Oracle, Toolchain
from jupyter_julia_aot.settings import JuliaAot
from jupyter_julia_aot.toolchain import julia_command
from jupyter_julia_aot.toolchain.locks import file_lock
from jupyter_julia_aot.trial import image as images
from jupyter_julia_aot.trial.image import build_image, image_status, ready_image
from jupyter_julia_aot.trial.image_background import want_image
from jupyter_julia_aot.trial.session import Session
from jupyter_julia_aot.trial.worker import start_worker
from tests.trial.corpus import GOOD, ORACLE, candidate

pytestmark = [pytest.mark.julia, pytest.mark.timeout(1800)]


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache directory without an image, in which one may be made in the background."""
    JuliaAot.clear_instance()
    monkeypatch.setenv("JULIA_AOT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("JULIA_AOT_WORKER_IMAGE", "auto")
    yield tmp_path / "cache"
    JuliaAot.clear_instance()


def failing(toolchain: Toolchain, folder: Path) -> Toolchain:
    """A Julia like ``toolchain`` that cannot write an object file."""
    program = folder / "julia"
    program.write_text(
        "#!/bin/sh\ncase \"$*\" in *--output-o*) echo 'ERROR: the disk is full' >&2; exit 1;; esac\n"
        f'exec "{toolchain.path}" "$@"\n'
    )
    program.chmod(0o755)
    return replace(toolchain, path=str(program))


def test_no_image_has_its_reason(
    toolchain: Toolchain, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert image_status(toolchain).state == "missing"
    assert "setup" in image_status(toolchain).reason
    able = tuple(c for c in toolchain.capabilities if c != "sysimage")
    without = replace(toolchain, capabilities=able, reason={"sysimage": "no C compiler was found"})
    assert (image_status(without).state, image_status(without).reason) == (
        "impossible",
        "no C compiler was found",
    )
    with pytest.raises(BuildError, match="no C compiler"):
        build_image(without)
    JuliaAot.clear_instance()
    monkeypatch.setenv("JULIA_AOT_WORKER_IMAGE", "off")
    assert image_status(toolchain).state == "off"
    assert ready_image(toolchain) is None


def test_a_failed_image_is_told_and_not_tried_again_in_the_background(
    toolchain: Toolchain, empty_cache: Path, tmp_path: Path, wait_until: Callable[..., None]
) -> None:
    broken = failing(toolchain, tmp_path)
    assert want_image(broken)
    assert not want_image(broken)  # once per process
    wait_until(lambda: image_status(broken).state == "failed", 120)
    assert "the disk is full" in image_status(broken).reason
    with pytest.raises(BuildError, match="the disk is full"):
        build_image(broken)
    left = {path.suffix for path in (empty_cache / "workers").iterdir()}
    assert left <= {".failed", ".lock"}


def test_of_two_processes_one_makes_it(toolchain: Toolchain, empty_cache: Path) -> None:
    folder = images._folder(toolchain)
    stop = threading.Event()
    with file_lock(images._lock(folder)):
        assert image_status(toolchain).state == "building"
        assert not want_image(replace(toolchain, source="another"))
        threading.Timer(0.2, stop.set).start()
        with pytest.raises(Cancelled):
            build_image(toolchain, cancel=stop)
        # The other one has made it meanwhile.
        folder.mkdir(parents=True)
        (folder / "image.so").write_bytes(b"an image")
    assert build_image(toolchain) == folder / "image.so"


def test_a_worker_comes_up_when_its_image_does_not_work(toolchain: Toolchain, empty_cache: Path) -> None:
    folder = images._folder(toolchain)
    folder.mkdir(parents=True)
    (folder / "image.so").write_bytes(b"no image at all")
    (folder / "about.json").write_text("{}")
    assert ready_image(toolchain) is not None
    worker = start_worker(toolchain, Limits())
    try:
        assert worker.warm["image"] is False
        job = {"code": GOOD, "name": "f", "task": "judge", "jit": False}
        assert worker.trial(job, ORACLE.source, 30)["report"]["verdict"] == "passed"
    finally:
        worker.close()
    assert image_status(toolchain).state == "failed"
    assert ready_image(toolchain) is None


def test_workers_and_sessions_start_from_the_image(toolchain: Toolchain) -> None:
    if ready_image(toolchain) is None:
        pytest.skip(f"no worker image: {image_status(toolchain).reason}")
    worker = start_worker(toolchain, Limits())
    try:
        assert worker.warm["image"] is True
        assert worker.warm["forks"] is True
    finally:
        worker.close()
    with Session(toolchain) as session:
        names = session.run("join(names(Main), ' ')").value
        assert set(names.split()) <= {"Base", "Core", "Main"}
        assert session.run("1 + 1").value == 2


@pytest.mark.benchmarks
def test_a_worker_starts_about_as_fast_as_a_bare_julia(toolchain: Toolchain, tmp_path: Path) -> None:
    if ready_image(toolchain) is None:
        pytest.skip(f"no worker image: {image_status(toolchain).reason}")
    start_worker(toolchain, Limits()).close()  # proves once, for all later ones, that forking is safe
    bare, ours = [], []
    for _ in range(9):  # in turn, so that a busy moment meets both
        begin = time.perf_counter()
        environment = {**toolchain.environment, "HOME": str(tmp_path)}
        subprocess.run(julia_command(toolchain, "-e", "0"), env=environment, check=True)
        bare.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        worker = start_worker(toolchain, Limits())
        ours.append(time.perf_counter() - begin)
        worker.close()
    a, b = statistics.median(bare), statistics.median(ours)
    print(f"\nJulia {toolchain.version}: bare {a:.3f} s, a worker ready {b:.3f} s, {b / a:.2f} ×")
    assert b < 2 * a


@pytest.mark.slow
def test_an_image_is_made_and_workers_with_it_judge_alike(toolchain: Toolchain, empty_cache: Path) -> None:
    from jupyter_julia_aot.trial.pool import TrialPool

    image = build_image(toolchain)
    assert image_status(toolchain).state == "ready"
    assert image_status(toolchain).bytes == image.stat().st_size
    with TrialPool(toolchain, workers=1) as pool:
        assert pool.run(candidate(GOOD), ORACLE).verdict == "passed"
        assert pool.run(candidate("f(x) = x + 1"), Oracle(source="@test f(1) == 1")).verdict == "failed"
    assert [path.name for path in image.parent.glob("proven-*")]
