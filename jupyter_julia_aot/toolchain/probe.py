"""Ask a Julia about itself, once: the answer is kept by path, time and size of its program."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jupyter_julia_aot.errors import ToolchainError
from jupyter_julia_aot.records import Toolchain
from jupyter_julia_aot.settings import cache_dir
from jupyter_julia_aot.toolchain.locks import file_lock, write_json
from jupyter_julia_aot.toolchain.process import run

PROBE_SECONDS = 30.0
_FORMAT = 3
_MARK = "julia-aot\t"
# Variables that differ from process to process and say nothing about the installation.
_PASSING = frozenset({"_", "PWD", "OLDPWD", "SHLVL", "OPENBLAS_MAIN_FREE", "OPENBLAS_DEFAULT_NUM_THREADS"})
_memory: dict[str, dict[str, Any]] = {}
_memory_lock = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where the parts of one Julia lie. All paths are absolute; those of absent parts are empty."""

    version: str
    program: str
    """The program to run; a wrapper only where that lies inside the installation."""
    environment: tuple[tuple[str, str], ...]
    """Variables that a wrapper script sets for it."""
    self_contained: bool
    """Whether ``program`` itself sets them (a wrapper within the installation), or none are needed."""
    bindir: str
    prefix: str
    libjulia: str
    image: str
    """The system image it starts with."""
    datadir: str
    """``share/julia``: sources of Base and the standard library."""
    includedir: str
    """Directory of ``julia.h``."""
    depots: tuple[str, ...]
    cpu: str
    llvm: str

    @property
    def juliac_script(self) -> str:
        """The ``juliac.jl`` that Julia 1.12 ships, or the empty string."""
        script = Path(self.datadir) / "juliac" / "juliac.jl"
        return str(script) if script.is_file() else ""


def probe(program: str, environment: Mapping[str, str] | None = None) -> Installation:
    """What ``program`` says about itself, run with ``environment`` on top of this process's.

    Raises :class:`ToolchainError` with the reason when it is no working Julia; that too is kept,
    so a hanging program costs its time once.
    """
    path = Path(program)
    extra = dict(environment or {})
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ToolchainError("there is no such program") from error
    except OSError as error:
        raise ToolchainError(str(error.strerror)) from error
    if path.is_dir():
        raise ToolchainError("it is a directory; give the program in it, such as bin/julia")
    key = f"{path}|{status.st_mtime_ns}|{status.st_size}|{_surroundings(extra)}|{_FORMAT}"
    kept = _recall(key)
    if kept is None:
        kept = _ask(str(path), extra)
        _keep(key, kept)
    if "broken" in kept:
        raise ToolchainError(kept["broken"])
    return _from_kept(kept)


def installation(toolchain: Toolchain) -> Installation:
    """The parts of a toolchain found earlier. Raises :class:`ToolchainError` when it broke since."""
    return probe(toolchain.path, toolchain.environment)


def _surroundings(extra: Mapping[str, str]) -> str:
    """Julia's own variables and the loader's change what a program answers."""
    variables = {**os.environ, **extra}
    telling = {
        name: value
        for name, value in variables.items()
        if name in ("LD_LIBRARY_PATH", "HOME")
        or (name.startswith("JULIA_") and not name.startswith("JULIA_AOT_"))
    }
    text = json.dumps(sorted(telling.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _store() -> Path:
    return cache_dir() / "toolchains" / "probes.json"


def _recall(key: str) -> dict[str, Any] | None:
    with _memory_lock:
        kept = _memory.get(key)
    return kept if kept is not None else _stored().get(key)


def _stored() -> dict[str, dict[str, Any]]:
    try:
        data = json.loads(_store().read_text(encoding="utf-8"))
    except (OSError, ValueError):  # absent or damaged: it is only a cache
        return {}
    return data if isinstance(data, dict) else {}


def _keep(key: str, answer: dict[str, Any]) -> None:
    with _memory_lock:
        _memory[key] = answer
    if "broken" in answer:  # may be mended without the program's file changing: only for this process
        return
    program = key.split("|", 1)[0]
    try:
        with file_lock(_store().with_name("probes.lock")):
            others = {k: v for k, v in _stored().items() if k.split("|", 1)[0] != program}
            same = {k: v for k, v in _stored().items() if k.split("|", 1)[0] == program}
            recent = dict(list(same.items())[-3:])
            write_json(_store(), {**others, **recent, key: answer})
    except OSError:  # a read-only or full disk costs one second per process, no more
        return


def forget(program: str) -> None:
    """Ask ``program`` again the next time, whatever is known."""
    with _memory_lock:
        for key in [k for k in _memory if k.split("|", 1)[0] == program]:
            del _memory[key]


def _ask(program: str, extra: Mapping[str, str]) -> dict[str, Any]:
    script = Path(__file__).with_name("probe.jl")
    command = [program, "--startup-file=no", "--history-file=no", "--compile=min", "-O0", str(script)]
    try:
        environment = {**os.environ, **extra}
        ran = run(command, environment=environment, timeout=PROBE_SECONDS, output_bytes=1 << 20)
    except OSError as error:
        return {"broken": f"it cannot be started ({error.strerror or error})"}
    if ran.timed_out:
        return {"broken": f"it did not answer within {PROBE_SECONDS:.0f} s"}
    answers = [
        line[len(_MARK) :].split("\t", 1) for line in ran.stdout.splitlines() if line.startswith(_MARK)
    ]
    pairs = [(a[0], a[1]) for a in answers if len(a) == 2]
    single = dict(pairs)
    if ran.code != 0 or "version" not in single or "bindir" not in single:
        return {"broken": f"it does not run as Julia ({ran.failure})"}
    changed = [
        tuple(text.split("=", 1))
        for name, text in pairs
        if name == "env" and "=" in text and not _ours(*text.split("=", 1))
    ]
    bindir = single["bindir"]
    chosen, prefix = _placed(program, bindir)
    image = single.get("image", "")
    return {
        "version": single["version"],
        "program": chosen,
        "environment": [list(pair) for pair in changed],
        "self_contained": chosen == program or not changed,
        "bindir": bindir,
        "prefix": prefix,
        "libjulia": os.path.realpath(single.get("libjulia") or ""),
        "image": image,
        "datadir": single.get("datadir", ""),
        "includedir": single.get("includedir", ""),
        "depots": [value for name, value in pairs if name == "depot"],
        "cpu": single.get("cpu", ""),
        "llvm": single.get("llvm", ""),
    }


def _ours(name: str, value: str) -> bool:
    return name in _PASSING or os.environ.get(name) == value


def _placed(program: str, bindir: str) -> tuple[str, str]:
    """The program to start, and the tree that holds all of Julia.

    A launcher outside the tree (juliaup's, a script in ``~/bin``) is replaced by the real program:
    a sandbox then needs to see the tree only.
    """
    prefix = os.path.realpath(Path(bindir).parent)
    real = os.path.realpath(program)
    if Path(real).is_relative_to(prefix):
        return program if program == real else real, prefix
    inner = Path(bindir) / "julia"
    return (str(inner) if shutil.which(str(inner)) else program), prefix


def _from_kept(kept: dict[str, Any]) -> Installation:
    values = {f.name: kept[f.name] for f in dataclasses.fields(Installation)}
    values["environment"] = tuple((name, value) for name, value in kept["environment"])
    values["depots"] = tuple(kept["depots"])
    return Installation(**values)
