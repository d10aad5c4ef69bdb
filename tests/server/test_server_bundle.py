"""A bundle's ZIP file: everything its build put there, nothing else, and it still runs."""

from __future__ import annotations

import hashlib
import io
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest

from jupyter_julia_aot.history import History
from jupyter_julia_aot.records import Library
from jupyter_julia_aot.server.service import Service
from jupyter_julia_aot.server.validate import RequestError
from tests.server.support import record_build


@pytest.fixture
def artifact_id(tmp_path: Path, history: History) -> str:
    """A program, a library of two names beside it, and a file that is none of its business."""
    folder = tmp_path / "product"
    (folder / "lib").mkdir(parents=True)
    program = folder / "greet"
    program.write_text('#!/bin/sh\ncat "$(dirname "$0")/lib/libgreet.so"\n', encoding="utf-8")
    program.chmod(0o755)
    (folder / "lib" / "libgreet.so.1").write_bytes(b"good day" * 300_000)
    (folder / "lib" / "libgreet.so").symlink_to("libgreet.so.1")
    (folder / "lib" / "libstranger.so").symlink_to("/etc/passwd")
    (folder / "secret.txt").write_text("not yours", encoding="utf-8")
    library = Library(name="libgreet.so.1", bytes=8 * 300_000, bundled=True)
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    return record_build(history, program, sha256=digest, name="greet", libraries=(library,))[1]


def test_the_zip_holds_what_the_build_made_and_nothing_else(
    tmp_path: Path, history: History, artifact_id: str
) -> None:
    name, pieces = Service().artifact_bundle(artifact_id)
    assert name == "greet.zip"
    whole = b"".join(pieces)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["greet/greet", "greet/lib/libgreet.so.1", "greet/lib/libgreet.so"]
        modes = {i.filename: i.external_attr >> 16 for i in archive.infolist()}
        assert modes["greet/greet"] & stat.S_IXUSR
        assert stat.S_ISLNK(modes["greet/lib/libgreet.so"])
        archive.extract("greet/greet", tmp_path / "there")
        archive.extract("greet/lib/libgreet.so.1", tmp_path / "there")
        link = archive.read("greet/lib/libgreet.so").decode()
    there = tmp_path / "there" / "greet"
    (there / "lib" / "libgreet.so").symlink_to(link)
    ran = subprocess.run(["sh", str(there / "greet")], capture_output=True, check=True)
    assert ran.stdout == b"good day" * 300_000
    assert len(whole) < 100_000


def test_a_library_that_is_gone_or_changed_is_not_sent(
    tmp_path: Path, history: History, artifact_id: str
) -> None:
    library = tmp_path / "product" / "lib" / "libgreet.so.1"
    library.write_bytes(b"bad day")
    with pytest.raises(RequestError, match="was changed") as refused:
        Service().artifact_bundle(artifact_id)
    assert refused.value.status == 409
    library.unlink()
    with pytest.raises(RequestError, match="no longer in the bundle") as refused:
        Service().artifact_bundle(artifact_id)
    assert refused.value.status == 404


def test_a_program_without_a_bundle_says_so(tmp_path: Path, history: History) -> None:
    program = tmp_path / "alone"
    program.write_bytes(b"x")
    _, alone = record_build(history, program, sha256=hashlib.sha256(b"x").hexdigest())
    with pytest.raises(RequestError, match="without a bundle"):
        Service().artifact_bundle(alone)
