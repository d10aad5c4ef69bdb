"""Installing a Julia: apt's configuration is read, a killed install leaves nothing half-made."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_julia_aot.errors import InstallError
from jupyter_julia_aot.toolchain import apt, install_julia, official
from jupyter_julia_aot.toolchain.apt import Source, debian_mirror, parse_deb822, parse_list, read_sources
from jupyter_julia_aot.toolchain.debian import mend_links, needed

MIRROR = "http://mirror.invalid/debian"

INSTALL = """
from jupyter_julia_aot.toolchain import install_julia
toolchain = install_julia("debian", progress=lambda message, fraction: print(message, flush=True))
print("DONE", toolchain.version, toolchain.path, flush=True)
"""


def test_one_line_sources() -> None:
    text = f"""
# deb {MIRROR} sid main
deb-src {MIRROR} bookworm main
deb [arch=amd64 signed-by=/some/key.gpg] {MIRROR} bookworm main contrib # a remark
deb http://other.invalid/apt stable-tools main
"""
    assert list(parse_list(text)) == [
        Source(MIRROR, ("bookworm",), ("main", "contrib")),
        Source("http://other.invalid/apt", ("stable-tools",), ("main",)),
    ]


def test_deb822_sources() -> None:
    text = f"""Types: deb deb-src
# a remark
URIs: {MIRROR}
Suites: bookworm
 bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://off.invalid/
Suites: bookworm
Components: main
Enabled: no
"""
    assert list(parse_deb822(text)) == [Source(MIRROR, ("bookworm", "bookworm-updates"), ("main",))]


def test_both_formats_are_read_from_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (folder / "debian.sources").write_text(f"Types: deb\nURIs: {MIRROR}\nSuites: trixie\nComponents: main\n")
    (folder / "old.list").write_text("deb http://b.invalid/debian sid main\n")
    assert [s.uri for s in read_sources(tmp_path)] == ["http://b.invalid/debian", MIRROR]
    assert read_sources(tmp_path / "none") == ()


def needs_debian() -> None:
    try:
        debian_mirror()
    except InstallError as error:
        pytest.skip(str(error))


def test_the_mirror_is_debians_own() -> None:
    needs_debian()
    others = [
        Source("http://tools.invalid/apt", ("tools-bookworm",), ("main",)),
        Source("http://mirror.invalid/debian-security", ("bookworm",), ("main",)),
        Source("http://mirror.invalid/ubuntu", ("noble",), ("main",)),
    ]
    assert debian_mirror([*others, Source(MIRROR, ("bookworm",), ("main",))]) == MIRROR
    with pytest.raises(InstallError, match="names no mirror") as raised:
        debian_mirror(others)
    assert "JULIA_AOT_JULIA" in raised.value.remedy


def test_no_debian_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JULIA_AOT_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InstallError, match="no Debian system") as raised:
        install_julia("debian")
    assert "JULIA_AOT_JULIA" in raised.value.remedy


def test_what_the_machine_has_is_not_fetched() -> None:
    closure = ("libc6", "zlib1g", "libgmp10", "libssl1.1", "julia")
    assert needed(closure, ("libc6", "zlib1g", "libgmp10")) == ["libgmp10", "libssl1.1", "julia"]


def test_a_link_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "julia").mkdir()
    (tmp_path / "julia" / "libnone.so").symlink_to("../libnone.so.1")
    with pytest.raises(InstallError, match="no package brought"):
        mend_links(tmp_path)


def test_an_unreachable_server_fails_in_bounded_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """juliapkg's real lookup, with the network turned into a proxy that is not there."""
    for name in ("https_proxy", "http_proxy", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("JULIA_AOT_CACHE_DIR", str(tmp_path))
    messages: list[str] = []
    with pytest.raises(InstallError, match="official: Julia's download server cannot be used") as raised:
        install_julia("official", progress=lambda message, _fraction: messages.append(message))
    assert raised.value.remedy
    assert any("asking" in m for m in messages)


def test_a_server_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(official, "ASK_SECONDS", 0.01)
    with pytest.raises(InstallError, match="did not answer within"):
        official.newest("1.10 - 1.13")


def test_a_mirror_without_the_suite_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_debian()
    archive = apt.Archive(tmp_path, f"file://{tmp_path}/nothing")
    with pytest.raises(InstallError, match="does not serve suite") as raised:
        archive.update()
    assert raised.value.remedy


def test_an_unwritable_cache_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("JULIA_AOT_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(InstallError, match="cannot be written") as raised:
        install_julia("debian")
    assert "JULIA_AOT_CACHE_DIR" in raised.value.remedy


@pytest.mark.julia
def test_debian_killed_then_twice_at_once(tmp_path: Path, wait_until: Callable[..., None]) -> None:
    """For real: killed while unpacking, nothing half-made; then two at once, one does the work."""
    needs_debian()
    environment = {k: v for k, v in os.environ.items() if k != "JULIA_AOT_JULIA"}
    environment["JULIA_AOT_CACHE_DIR"] = str(tmp_path)
    command = [sys.executable, "-c", INSTALL]

    first = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    for line in first.stdout:
        if "unpacking" in line:
            break
    first.send_signal(signal.SIGKILL)
    first.wait()
    first.stdout.close()
    root = tmp_path / "toolchains"
    assert not (root / "debian-bullseye").exists()
    assert list((root / "apt" / "debs").glob("libjulia1_*.deb")), "downloads are kept"

    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate(timeout=600)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert all(output.strip().splitlines()[-1].startswith("DONE 1.5.3") for output in outputs)
    assert sorted("unpacking" in output for output in outputs) == [False, True]
    assert "Get:" not in outputs[0] + outputs[1]
    assert [p.name for p in root.iterdir() if p.name.startswith(".")] == []
    links = [p for p in (root / "debian-bullseye").rglob("*") if p.is_symlink() and "/lib/" in str(p)]
    assert links
    assert [p for p in links if p.parent.name == "julia" and not p.exists()] == []
    # What Julia was built with comes from the prefix even where nothing says where that is.
    private = next((root / "debian-bullseye" / "usr" / "lib").glob("*/julia"))
    bare = {k: v for k, v in environment.items() if k != "LD_LIBRARY_PATH"}
    needs = subprocess.run(["ldd", private / "libopenblas64_.so"], env=bare, capture_output=True, text=True)
    assert f"libgfortran.so.5 => {private}" in needs.stdout
    libgit2 = subprocess.run(
        [root / "debian-bullseye" / "usr" / "bin" / "julia", "-e", "using LibGit2; print(LibGit2.version())"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert libgit2.stdout.startswith("1."), libgit2.stderr
