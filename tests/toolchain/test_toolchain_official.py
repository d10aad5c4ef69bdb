"""The official Julia: which one is taken, and that it is there whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from jupyter_julia_aot.errors import InstallError
from jupyter_julia_aot.toolchain import install_julia, official, versions

RUNS = r"""#!/bin/sh
printf 'julia-aot\tversion\t1.12.5\njulia-aot\tbindir\t'; dirname "$(realpath "$0")"
"""
DOES_NOT_RUN = "#!/bin/sh\necho 'GLIBC_2.99 not found' >&2\nexit 1\n"


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder."""

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and its address."""
    folder = tmp_path / "served"
    folder.mkdir()
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield folder, f"http://127.0.0.1:{httpd.server_address[1]}"
    httpd.shutdown()
    httpd.server_close()


def release(folder: Path, url: str, program: str) -> dict[str, Any]:
    """An archive laid out as Julia's own, and what juliapkg says of it."""
    archive = folder / "julia-1.12.5-linux.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        entry = tarfile.TarInfo("julia-1.12.5/bin/julia")
        entry.mode, entry.size = 0o755, len(program)
        tar.addfile(entry, io.BytesIO(program.encode()))
    data = archive.read_bytes()
    where = f"{url}/{archive.name}"
    return {
        "version": "1.12.5",
        "url": where,
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
    }


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JULIA_AOT_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "toolchains"


def test_it_is_fetched_unpacked_and_asked(
    served: tuple[Path, str], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = release(*served, RUNS)
    monkeypatch.setattr(official, "newest", lambda compat, cancel: answer)
    said: list[str] = []
    found = install_julia("official", progress=lambda message, _fraction: said.append(message))
    assert (found.version, found.path) == ("1.12.5", str(root / "julia-1.12.5" / "bin" / "julia"))
    assert any("ready" in message for message in said)
    assert list((root / "downloads").iterdir()) == []


@pytest.mark.parametrize(
    ("program", "change", "why"),
    [
        (DOES_NOT_RUN, {}, "GLIBC_2.99 not found"),
        (RUNS, {"sha256": "0" * 64}, "official: "),
        (RUNS, {"url": "http://127.0.0.1:9/julia.tar.gz"}, "could not be downloaded"),
    ],
)
def test_a_failure_leaves_nothing_half_made(
    served: tuple[Path, str],
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    change: dict[str, str],
    why: str,
) -> None:
    answer = release(*served, program) | change
    monkeypatch.setattr(official, "newest", lambda compat, cancel: answer)
    with pytest.raises(InstallError, match=why) as raised:
        install_julia("official")
    assert raised.value.remedy
    assert [path.name for path in root.iterdir() if path.name.lstrip(".").startswith("julia")] == []


def test_juliapkg_says_which_is_the_newest_that_fits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from juliapkg import install_julia as juliapkg

    system = {"os": juliapkg.get_os(), "arch": juliapkg.get_arch(), "kind": "archive"}
    triplet = f"{system['arch']}-linux-{juliapkg.get_libc() or 'gnu'}"

    def listed(version: str) -> dict[str, Any]:
        url = f"https://example.invalid/julia-{version}.tar.gz"
        file = {**system, "triplet": triplet, "version": version, "url": url, "sha256": "ab", "size": 7}
        return {"stable": True, "files": [file]}

    known = {version: listed(version) for version in ("1.9.4", "1.11.2", "1.12.5", "1.14.0")}
    monkeypatch.setattr(juliapkg, "_all_julia_versions", known)
    versions.main("1.10 - 1.13")
    answer = json.loads(capsys.readouterr().out)
    assert answer == {
        "version": "1.12.5",
        "url": "https://example.invalid/julia-1.12.5.tar.gz",
        "sha256": "ab",
        "size": 7,
    }
