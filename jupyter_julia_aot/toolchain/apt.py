"""Packages of another Debian suite, from the mirror this machine already uses, without root.

apt does the work: it checks the archive's signature against Debian's own keyring and each package
against its checksum, and goes on where an earlier download broke off. All its state is in a folder
of ours; the system's is only read.
"""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from jupyter_julia_aot.errors import InstallError
from jupyter_julia_aot.toolchain.process import Finished, run

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SUITE = "bullseye"
_ETC_APT = Path("/etc/apt")
_UPDATE_SECONDS = 120.0
_DOWNLOAD_SECONDS = 900.0
_RELEASES = ("buster", "bullseye", "bookworm", "trixie", "forky", "duke", "sid")
_CODENAMES = frozenset((*_RELEASES, "stable", "testing", "unstable", "oldstable", "oldoldstable"))


@dataclass(frozen=True, slots=True)
class Source:
    """One archive that apt reads: where, which suites, which components."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]


def read_sources(etc_apt: Path = _ETC_APT) -> tuple[Source, ...]:
    """The binary archives in apt's configuration, one-line (``.list``) and deb822 (``.sources``)."""
    folder = etc_apt / "sources.list.d"
    lists = [etc_apt / "sources.list", *sorted(folder.glob("*.list"))]
    one_line = [s for file in lists for s in parse_list(_text(file))]
    deb822 = [s for file in sorted(folder.glob("*.sources")) for s in parse_deb822(_text(file))]
    return (*one_line, *deb822)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:  # absent or not ours to read: then apt does not use it either
        return ""


def parse_list(text: str) -> Iterator[Source]:
    """Sources of a ``.list`` file: ``deb [options] URI SUITE COMPONENT…`` (see sources.list(5))."""
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s*([^#]*)", line)
        if match:
            yield Source(match[1], (match[2],), tuple(match[3].split()))


def parse_deb822(text: str) -> Iterator[Source]:
    """Sources of a ``.sources`` file: paragraphs of ``Field: value`` with continuation lines."""
    for paragraph in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in paragraph.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in (" ", "\t") and name:
                fields[name] += f" {line.strip()}"
            elif ":" in line:
                name, _, value = line.partition(":")
                name = name.strip().lower()
                fields[name] = value.strip()
        if fields.get("enabled", "yes").lower() in ("no", "false", "0"):
            continue
        if "deb" not in fields.get("types", "").split():
            continue
        for uri in fields.get("uris", "").split():
            suites = tuple(fields.get("suites", "").split())
            yield Source(uri, suites, tuple(fields.get("components", "").split()))


def debian_mirror(sources: Sequence[Source] | None = None) -> str:
    """The URI that this machine's apt uses for Debian itself.

    Raises :class:`InstallError` when there is none, or no apt.
    """
    for tool in ("apt-get", "dpkg", "dpkg-query"):
        if shutil.which(tool) is None:
            raise InstallError(f"{tool} is not on this machine: it is no Debian system", remedy=BY_HAND)
    if not KEYRING.is_file():
        raise InstallError(
            f"{KEYRING} is missing, so Debian's packages cannot be checked",
            remedy="apt-get install debian-archive-keyring",
        )
    for source in read_sources() if sources is None else sources:
        plain = source.uri.split(":", 1)[0] in ("http", "https", "file", "ftp", "mirror", "mirror+file")
        main = "main" in source.components and bool(_CODENAMES.intersection(source.suites))
        if plain and main and "security" not in source.uri.rsplit("/", 2)[-1]:
            return source.uri
    raise InstallError("apt on this machine names no mirror of Debian's main archive", remedy=BY_HAND)


BY_HAND = "install Julia from its own site or by juliaup, and set JULIA_AOT_JULIA to it"


class Archive:
    """One suite of a mirror, with apt's state in ``folder`` (kept between runs)."""

    def __init__(self, folder: Path, mirror: str, cancel: threading.Event | None = None) -> None:
        self._folder = folder
        self._cancel = cancel
        for name in ("lists/partial", "cache/archives/partial", "debs"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        source = folder / "suite.list"
        source.write_text(f"deb [signed-by={KEYRING}] {mirror} {SUITE} main\n", encoding="utf-8")
        (folder / "status").touch()
        options = {
            "Dir::Etc::sourcelist": source,
            "Dir::Etc::sourceparts": "-",
            "Dir::State::Lists": folder / "lists",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache",
            "APT::Get::List-Cleanup": "false",
            "Acquire::Languages": "none",
            "Acquire::Retries": "2",
            "Acquire::http::Timeout": "20",
            "Acquire::https::Timeout": "20",
        }
        self._options = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]

    def update(self) -> None:
        """Fetch the suite's package list (its signature is checked by apt)."""
        ran = self._apt(["update", "-qq"], _UPDATE_SECONDS)
        # apt-get update exits with 0 when a list could not be fetched, and says so.
        if ran.code != 0 or re.search(r"^[WE]: .*(Failed|GPG|NO_PUBKEY|not signed)", ran.stderr, re.M):
            raise InstallError(
                f"the Debian mirror does not serve suite {SUITE} ({ran.failure})", remedy=BY_HAND
            )

    def closure(self, packages: Sequence[str]) -> tuple[str, ...]:
        """``packages`` and all they depend on, as apt would install them on an empty machine."""
        command = ["install", "--simulate", "--no-install-recommends", "-qq", *packages]
        ran = self._apt(command, _UPDATE_SECONDS)
        names = re.findall(r"^Inst (\S+) ", ran.stdout, re.M)
        if ran.code != 0 or not names:
            raise InstallError(f"apt cannot resolve {', '.join(packages)} ({ran.failure})", remedy=BY_HAND)
        return tuple(names)

    def download(self, packages: Sequence[str], on_line: Callable[[str], None]) -> list[Path]:
        """The ``.deb`` files of ``packages``; what lies there already is not fetched again."""
        debs = self._folder / "debs"
        ran = self._apt(["download", *packages], _DOWNLOAD_SECONDS, cwd=debs, on_line=on_line)
        files = [file for name in packages for file in debs.glob(f"{name}_*.deb")]
        if ran.code != 0 or len(files) < len(packages):
            raise InstallError(f"downloading Debian packages failed ({ran.failure})", remedy="try again")
        return files

    def _apt(
        self,
        words: list[str],
        timeout: float,
        *,
        cwd: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Finished:
        command = ["apt-get", *self._options, *words]
        # The messages are parsed, so they must not be translated.
        environment = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **_proxies()}
        return run(
            command, cwd=cwd, environment=environment, timeout=timeout, cancel=self._cancel, on_line=on_line
        )


def _proxies() -> dict[str, str]:
    import os

    return {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
