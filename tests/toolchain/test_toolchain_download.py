"""Downloads from a real server: resumed, checked, bounded in time."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from jupyter_julia_aot.errors import Cancelled, InstallError
from jupyter_julia_aot.toolchain.download import download

CONTENT = bytes(range(256)) * 2000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """``/file`` with ranges; ``/broken`` breaks off half way; ``/silent`` never answers."""

    ranges: ClassVar[list[str | None]] = []
    release = threading.Event()

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.ranges.append(wanted)
        if self.path == "/silent":
            self.release.wait(20)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        body = CONTENT[start:]
        self.wfile.write(body[: len(body) // 2] if self.path == "/broken" else body)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_address[1]}"
    Handler.release.set()
    httpd.shutdown()
    httpd.server_close()


def test_a_broken_download_is_continued(server: str, tmp_path: Path) -> None:
    target = tmp_path / "file"
    with pytest.raises(InstallError, match="could not be downloaded") as raised:
        download(f"{server}/broken", target, SHA256)
    assert raised.value.remedy
    assert not target.exists()
    Handler.ranges.clear()
    seen: list[int] = []
    assert download(f"{server}/file", target, SHA256, progress=seen.append) == target
    assert target.read_bytes() == CONTENT
    assert Handler.ranges[0] is not None, "it began from the start again"
    Handler.ranges.clear()
    download(f"{server}/file", target, SHA256)
    assert Handler.ranges == [], "a complete file is not fetched again"


def test_a_complete_part_needs_nothing_more(server: str, tmp_path: Path) -> None:
    (tmp_path / "file.part").write_bytes(CONTENT)
    assert download(f"{server}/file", tmp_path / "file", SHA256).read_bytes() == CONTENT


def test_a_wrong_checksum_leaves_nothing(server: str, tmp_path: Path) -> None:
    with pytest.raises(InstallError, match="wrong checksum"):
        download(f"{server}/file", tmp_path / "file", "0" * 64)
    assert list(tmp_path.iterdir()) == []


def test_a_silent_server_is_given_up(server: str, tmp_path: Path) -> None:
    with pytest.raises(InstallError, match="timed out"):
        download(f"{server}/silent", tmp_path / "file", SHA256, stall_seconds=0.3)


def test_a_download_can_be_stopped(server: str, tmp_path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        download(f"{server}/file", tmp_path / "file", SHA256, cancel=cancel)


def test_only_web_addresses_are_fetched(tmp_path: Path) -> None:
    with pytest.raises(InstallError, match="not a web address"):
        download("file:///etc/passwd", tmp_path / "file", SHA256)
