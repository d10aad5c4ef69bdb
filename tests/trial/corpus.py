"""The hostile programs under ``hostile/`` and what surrounds them while they run.

Each file begins with what it tries and ``# expect:`` the verdicts that are right. All of them claim to be
``f``, which should square its argument; ``passed`` is expected only where the attempt has to fail and the
program then squares. Words between ``@`` signs stand for things the test sets up outside of the sandbox.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from jupyter_julia_aot.records import Candidate, Oracle, new_id

FOLDER = Path(__file__).parent / "hostile"
ORACLE = Oracle(source="using Test\n@test f(3) == 9\n@test f(0) == 0\n@test f(-2) == 4\n")
GOOD = "f(x) = x * x"


@dataclass(frozen=True)
class Hostile:
    """One program of the corpus."""

    name: str
    code: str
    expected: frozenset[str]

    @property
    def oracle(self) -> Oracle:
        """The tests, with a time limit that on a busy machine only a program reaches that has to."""
        seconds = 4.0 if "timeout" in self.expected else 30.0 if "memory" in self.expected else 120.0
        return replace(ORACLE, seconds=seconds)


def corpus() -> list[Hostile]:
    """All programs, by name."""
    programs = []
    for path in sorted(FOLDER.glob("*.jl")):
        code = path.read_text(encoding="utf-8")
        found = re.search(r"^# expect: (.+)$", code, re.MULTILINE)
        assert found, f"{path.name} does not say which verdict is expected"
        programs.append(Hostile(path.stem, code, frozenset(found[1].split())))
    return programs


def candidate(code: str, name: str = "f") -> Candidate:
    """A candidate of the user."""
    return Candidate(id=new_id(), name=name, code=code, origin="user")


@dataclass(frozen=True)
class Outside:
    """What the programs would like to reach."""

    secret: Path
    planted: Path
    places: dict[str, str]

    def fill(self, code: str) -> str:
        """The program with its placeholders filled in."""
        return re.sub(r"@([A-Z]+)@", lambda found: self.places[found[1]], code)

    def untouched(self) -> bool:
        """Whether nothing was read into, overwritten or left behind."""
        return self.secret.read_text() == "a secret of the user" and not self.planted.exists()


@contextmanager
def outside() -> Iterator[Outside]:
    """Files, servers and an environment variable that no candidate may reach."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="outside-")))
        secret = folder / "secret"
        secret.write_text("a secret of the user")
        secret.chmod(0o644)
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        unix = stack.enter_context(socket.socket(socket.AF_UNIX))
        unix.bind(str(folder / "socket"))
        unix.listen()
        (folder / "socket").chmod(0o777)
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        name = f"julia-aot-{secrets.token_hex(4)}"
        abstract.bind("\0" + name)
        abstract.listen()
        token = os.environ.setdefault("JULIA_AOT_TEST_TOKEN", secrets.token_hex(8))
        stack.callback(os.environ.pop, "JULIA_AOT_TEST_TOKEN", None)
        places = {
            "SECRET": str(secret),
            "HOME": str(folder),
            "PID": str(os.getpid()),
            "TOKEN": token,
            "PORT": str(server.getsockname()[1]),
            "SOCKET": str(folder / "socket"),
            "ABSTRACT": name,
            "OUTSIDE": str(folder / "planted"),
        }
        yield Outside(secret, folder / "planted", places)
