"""The frozen values that flow through the package.

One direction: ``Prompt → Candidate → Trial → Selection → Recipe → Artifact``; each step is also
an :class:`Event`. Nothing here has identity beyond its ``id`` field or does input/output.
:func:`to_json` and :func:`from_json` are inverse for every record.
"""

from __future__ import annotations

import secrets
import time
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from jupyter_julia_aot.jsonable import from_json as from_json
from jupyter_julia_aot.jsonable import to_json as to_json

Verdict = Literal["passed", "failed", "error", "syntax", "timeout", "memory", "crashed", "blocked"]
VERDICTS: tuple[Verdict, ...] = typing.get_args(Verdict)

Origin = Literal["model", "idiom", "repair", "evolve", "user"]
Capability = Literal["trial", "sysimage", "packagecompiler", "juliacall", "juliac"]
CAPABILITIES: tuple[Capability, ...] = typing.get_args(Capability)
Severity = Literal["error", "warning", "info"]
Kind = Literal["exe", "lib", "sysimage", "object", "bitcode"]
"""What is made; the last two are archives for other linkers, of object files or of LLVM's bitcode."""
Trim = Literal["auto", "no", "safe", "unsafe", "unsafe-warn"]
"""``auto``: ``safe`` where the toolchain trims and the program allows it, else ``no`` with the reason."""


def new_id() -> str:
    """A fresh identifier: 12 hex digits of time (ms), then 8 random ones, so ids sort by age."""
    return f"{int(time.time() * 1000):012x}{secrets.token_hex(4)}"


# ---------------------------------------------------------------- prompt and model


@dataclass(frozen=True, slots=True, kw_only=True)
class Oracle:
    """The tests a candidate must pass: Julia ``@test`` lines, or a Python cell of asserts."""

    source: str
    language: Literal["julia", "python"] = "julia"
    name: str = "oracle"
    """Where it came from (a file name, ``%%julia_tests f``), used in messages."""
    seconds: float | None = None
    """Time limit of one trial by it, instead of the limits' own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What the user asked for. ``name`` is the Julia function to be written."""

    name: str
    request: str
    oracle: Oracle | None = None
    signature: str | None = None
    """Such as ``"f(x::Vector{Float64})::Float64"``, when the user gave one."""
    context: str = ""
    """Julia code the candidate may rely on (already defined in the session)."""
    reactant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How to sample from the model. ``None`` leaves a value to the server."""

    n: int = 8
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    max_tokens: int | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens and seconds spent on model answers; sums with ``+``."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    """Prompt tokens that the server took from its cache (part of ``prompt_tokens``)."""
    seconds: float = 0.0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            seconds=self.seconds + other.seconds,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """The model server in use."""

    base_url: str
    model: str
    source: Literal["configured", "discovered", "embedded"]
    server: str = "unknown"
    """``llama.cpp``, ``vLLM``, ``Ollama``, ``LM Studio``, ``embedded`` or ``unknown``."""
    context_tokens: int | None = None
    origin: str = ""
    """Which setting or probe it came from, for messages."""
    slots: int | None = None
    """Answers the server can write at once (llama.cpp's ``--parallel``), ``None`` when unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Julia code that claims to be the answer."""

    id: str
    name: str
    code: str
    origin: Origin
    parent: str | None = None
    """Id of the candidate this one was rewritten or repaired from."""
    response: str = ""
    """The model's raw answer, empty for rewrites."""
    finish_reason: str | None = None
    notes: tuple[str, ...] = ()
    """What was rewritten, one entry per idiom fix."""


# ---------------------------------------------------------------- trial


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one trial may use. Sizes in bytes, times in seconds of wall clock."""

    seconds: float = 15.0
    memory_bytes: int = 1 << 30
    processes: int = 64
    output_bytes: int = 64 * 1024
    file_bytes: int = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """How many checks of the oracle held and how many did not."""

    passed: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The error of a candidate: Julia's type name, its message, the candidate's 1-based line."""

    type: str
    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One candidate judged by one oracle."""

    candidate_id: str
    verdict: Verdict
    checks: Checks = Checks()
    seconds: float = 0.0
    """Wall clock of the whole trial; queueing and the start of a worker are not counted."""
    load_seconds: float = 0.0
    """Parsing and defining the candidate."""
    run_seconds: float = 0.0
    """Running the oracle, compile time (if any) included."""
    compile_seconds: float = 0.0
    """JIT compile time within load and run, where Julia reports it (≥ 1.6), else 0."""
    jit: bool = False
    """Whether the verdict came from the JIT (else from the interpreter)."""
    output: str = ""
    """What the candidate printed, cut at the limit."""
    error: Fault | None = None
    failures: tuple[str, ...] = ()
    """The checks that did not hold, as shown to a reader (and to the model on repair)."""
    sandbox: str = ""
    julia: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxStatus:
    """One way to confine a worker on this machine, and why it cannot be used, if so."""

    name: Literal["sandlock", "bubblewrap", "none"]
    usable: bool
    reason: str = ""
    degraded: tuple[str, ...] = ()
    """Protections this machine's kernel lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The chosen candidate (or none), why, and all candidate ids best first."""

    candidate_id: str | None
    reason: str
    ranking: tuple[str, ...] = ()


# ---------------------------------------------------------------- toolchain


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """One Julia installation.

    ``capabilities`` lists what it can do; ``reason`` says, for each capability it lacks, why.
    ``environment`` holds variables that must be set when running it.
    """

    path: str
    version: str
    source: str
    """Where it was found: ``setting``, ``JULIA_AOT_JULIA``, ``PATH``, ``juliaup``, …"""
    capabilities: tuple[Capability, ...] = ()
    reason: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    """Directory tree that must be readable to run it (``Sys.BINDIR/..`` and its libraries)."""

    @property
    def version_tuple(self) -> tuple[int, int, int]:
        """``(major, minor, patch)``; suffixes such as ``-rc1`` are dropped."""
        parts = self.version.split("-")[0].split("+")[0].split(".")
        numbers = [int(p) for p in parts[:3]]
        while len(numbers) < 3:
            numbers.append(0)
        return numbers[0], numbers[1], numbers[2]


# ---------------------------------------------------------------- build


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that determines an artifact, and so its cache key."""

    name: str
    """File name of the artifact without suffix."""
    kind: Kind = "exe"
    code: str | None = None
    """Julia source of a cell or file; ``None`` when ``project`` is given."""
    project: str | None = None
    """A package directory."""
    folder: str | None = None
    """Where the files are that ``code`` includes; ``None``: it includes none."""
    source_name: str = "cell"
    """How to name the source in diagnostics."""
    entry: str | None = None
    """Function to build an entry for, when the code has no ``@main``. Of a library: the functions to
    export, separated by commas; ``None``: all that have concrete argument types."""
    types: str | None = None
    """Argument types of a library's function that is generic, such as ``Float64, Vector{Float64}``."""
    trim: Trim = "no"
    bundle: bool = False
    slim: bool = False
    cpu_target: str | None = None
    backend: Literal["juliac", "juliac.jl", "packagecompiler", "sysimage", "package-image"] | None = None
    """``None``: the best the toolchain can do."""
    fix: bool = False
    """Rewrite what the trim verifier refuses and a rule can mend; see ``BuildResult.diff``."""
    ccallables: bool = False
    """Export ``@ccallable`` functions of an executable, too (a library always does)."""
    privatize: bool = False
    """Give the bundled libjulia names of its own, so that it gets along with another in one process."""
    export_abi: bool = False
    """Write ``NAME.abi.json``, which describes the exported functions (a library always does)."""
    c_sources: tuple[str, ...] = ()
    """C files compiled and linked in."""
    cflags: tuple[str, ...] = ()
    extra_objects: tuple[str, ...] = ()
    ld_flags: tuple[str, ...] = ()
    jl_options: tuple[str, ...] = ()
    """Such as ``handle-signals=no`` or ``threads=2``: Julia's options inside the program."""
    julia_args: tuple[str, ...] = ()
    """Further arguments for the Julia that compiles."""
    lazy_artifacts: bool = False
    """Bundle artifacts that packages would fetch on first use, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """A compiler message at a place in the user's source (1-based line, ``None`` if unknown)."""

    severity: Severity
    message: str
    file: str | None = None
    line: int | None = None
    cause: str = ""
    """A known cause by its name, such as ``print to stdout``; empty when there is none."""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A rewrite of the user's source that ``Recipe.fix`` asked for (1-based line)."""

    file: str
    line: int
    rule: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTime:
    """Wall-clock seconds of one build stage."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A file of a bundle or a shared library an artifact needs."""

    name: str
    bytes: int
    bundled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The artifact's first run after the build."""

    ran: bool = False
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0
    alone: bool | None = None
    """Whether a bundle did the same in a root directory with nothing but itself and the C library;
    ``None``: not tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long something took: the median, the smallest and the largest of ``rounds``, in seconds."""

    what: str
    median: float
    least: float
    most: float
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AbiEntry:
    """A function that a library exports: its Julia name and signature, its symbol and C declaration."""

    name: str
    symbol: str
    julia: str
    c: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A built file."""

    id: str
    kind: Kind
    name: str
    path: str
    sha256: str
    bytes: int
    bundle_bytes: int | None = None
    libraries: tuple[Library, ...] = ()
    backend: str = ""
    julia: str = ""
    trim: str = ""
    """How it was trimmed: ``no``, ``safe`` …, which ``auto`` leaves to the build."""
    sbom: str = ""
    """Path of a bundle's bill of materials (CycloneDX), relative to the artifact's top directory."""
    needs_julia: bool = False
    """Whether it loads shared libraries of the Julia installation it was built with."""
    header: str | None = None
    """A library's C header."""
    binding: str | None = None
    """Directory of the Python package that calls a library."""
    abi: tuple[AbiEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The oracle on the artifact: every call that the tests make, done with the compiled code."""

    checks: str
    """``passed``, or ``failed: …``, with the artifact's results in place of the function's."""
    calls: int = 0
    """How many calls of the tests were repeated on the artifact."""
    equal: bool = False
    """Whether the checks pass and every result is the one of the JIT (floating point: to 1.5e-8)."""
    differences: tuple[str, ...] = ()
    """The first calls with another result: the call, the JIT's result, the artifact's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """What a build gave: the artifact, how long each stage took, and what was said on the way."""

    artifact: Artifact
    stages: tuple[StageTime, ...] = ()
    cached: bool = False
    verified: Verified = Verified()
    diagnostics: tuple[Diagnostic, ...] = ()
    backend_reason: str = ""
    fixes: tuple[Fix, ...] = ()
    diff: str = ""
    """What ``fixes`` changed, as a unified diff of the user's source."""
    proof: Proof | None = None
    """The oracle's answer on the artifact; ``None`` when there was no oracle."""
    times: tuple[Timing, ...] = ()
    """The program next to ``julia FILE`` and to the JIT, where that was asked for."""


# ---------------------------------------------------------------- events

EventKind = Literal[
    "run_started",  # prompt, sampling, model
    "token",  # index, text (the history only counts them)
    "answer",  # index, finish_reason, usage
    "candidate",  # candidate
    "trial",  # trial
    "selection",  # selection
    "accepted",  # candidate_id, name
    "build_started",  # recipe
    "stage",  # name, state: started|finished, seconds
    "diagnostic",  # diagnostic
    "fixed",  # fixes, diff: what --fix rewrote
    "built",  # result
    "warning",  # message, remedy
    "error",  # type, message, remedy
    "run_finished",  # status: done|cancelled|failed, usage, seconds
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One step of a run, as it happens. ``data`` is JSON-ready; keys per kind: see EventKind."""

    run_id: str
    kind: EventKind
    data: Mapping[str, Any] = field(default_factory=dict)
    at: float = field(default_factory=time.time)
    """Seconds since the epoch."""
