"""One build while it runs: where things lie, how its commands are run, what they said."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_julia_aot.build.diagnostics import read_diagnostics
from jupyter_julia_aot.build.project import Project
from jupyter_julia_aot.build.remedies import explained
from jupyter_julia_aot.errors import BuildError
from jupyter_julia_aot.records import Diagnostic, Kind, Recipe, Toolchain
from jupyter_julia_aot.settings import cache_dir
from jupyter_julia_aot.toolchain.find import julia_environment
from jupyter_julia_aot.toolchain.probe import Installation
from jupyter_julia_aot.toolchain.process import Finished, run

LOG_BYTES = 2 << 20
# What Julia says when it shall run, and so compile, for processors that its own image has no code for.
_ONE_TARGET = "Unable to find compatible target in cached code image"


_SUFFIX: dict[Kind, str] = {"exe": "", "lib": ".so", "sysimage": ".so", "object": ".a", "bitcode": ".bc.a"}


@dataclass(kw_only=True)
class Job:
    """``work`` is scratch space; what ends in ``product`` is kept. ``stage`` is told what begins; ``fresh``:
    nothing that was compiled for an earlier build is taken."""

    recipe: Recipe
    toolchain: Toolchain
    place: Installation
    project: Project
    work: Path
    product: Path
    cancel: threading.Event | None = None
    stage: Callable[[str], None] = lambda _name: None
    fresh: bool = False
    log: list[str] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def target(self) -> Path:
        """The file to make: a program, a shared library in ``lib``-less form, or an archive."""
        return self.product / f"{self.recipe.name}{_SUFFIX[self.recipe.kind]}"

    def run(
        self,
        command: Sequence[str],
        *,
        stage: str,
        what: str,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Finished:
        """Run a command of the build; its output goes to the log.

        Raises :class:`BuildError` with diagnostics when it fails, :class:`Cancelled` when stopped.
        """
        variables = {} if environment is None else dict(environment)
        try:
            ran = run(
                command,
                cwd=cwd or self.work,
                environment=variables or self.environment(),
                cancel=self.cancel,
                output_bytes=LOG_BYTES,
                on_line=on_line,
            )
        except OSError as error:
            raise BuildError(
                f"{command[0]} cannot be started: {error.strerror or error}",
                stage=stage,
                remedy="`jupyter julia-aot doctor` says what is missing",
            ) from error
        output = f"{ran.stdout}\n{ran.stderr}".strip()
        self.log.append(f"$ {' '.join(command)}\n{output}")
        if ran.code != 0:
            raise self.failure(ran, output, stage=stage, what=what)
        return ran

    def failure(self, ran: Finished, output: str, *, stage: str, what: str) -> BuildError:
        """The error of a failed command: what the compiler said about the user's lines, if anything."""
        found = self.explained(output)
        errors = [d for d in found if d.severity == "error"]
        if errors:
            first = errors[0]
            where = f"{first.file}:{first.line}: " if first.file else ""
            more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
            message = f"{what} failed: {where}{first.message.splitlines()[0]}{more}"
        else:
            message = f"{what} failed ({ran.failure})"
        remedy = "correct the lines named" if any(d.line for d in errors) else "the build's log tells more"
        causes = dict.fromkeys(f"{d.cause}: {d.remedy}" for d in errors if d.cause)
        if causes:
            remedy = "; ".join(
                [*list(causes)[:3], *([] if self.recipe.fix else ["--fix rewrites what a rule can"])]
            )
        if _ONE_TARGET in output:
            remedy = "this Julia was itself built for one kind of processor; an official build has them all"
        return BuildError(message, stage=stage, diagnostics=found, log=output[-LOG_BYTES:], remedy=remedy)

    def explained(self, output: str) -> tuple[Diagnostic, ...]:
        """What a compiler said about the user's lines, with causes and remedies."""
        texts = {
            shown: (self.project.folder / path).read_text(encoding="utf-8", errors="replace")
            for path, shown in self.project.sources.items()
        }
        return explained(read_diagnostics(output, self.project.sources), texts)

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """The environment of Julia while it builds: the user's depots, nothing of the user's projects."""
        variables = julia_environment(self.toolchain)
        for name in ("JULIA_PROJECT", "JULIA_LOAD_PATH", "JULIA_LOAD"):
            variables.pop(name, None)
        # What Julia writes while it builds (compiled packages, logs of Pkg) goes to a depot of ours.
        own = depot()
        variables["JULIA_DEPOT_PATH"] = ":".join([str(own), *self.place.depots])
        if not any((Path(one) / "registries").is_dir() for one in self.place.depots):
            # Pkg would download a registry when there is none, though nothing is to be resolved.
            write_stub_registry(own)
            variables["JULIA_PKG_OFFLINE"] = "true"
        return {**variables, **(extra or {})}


def depot() -> Path:
    """Where Julia may write while it builds."""
    return cache_dir() / "builds" / "depot"


def write_stub_registry(folder: Path) -> None:
    """A registry without packages, enough for Pkg not to look for one on the network."""
    file = folder / "registries" / "Empty" / "Registry.toml"
    if file.is_file():
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    identity = json.dumps("3c5bd6a4-8b1e-4f0a-9d1c-2f6f8f3f7a10")
    text = f'name = "Empty"\nuuid = {identity}\nrepo = ""\ndescription = "no packages"\n\n[packages]\n'
    fresh = file.with_name(f".Registry-{threading.get_ident()}.toml")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)
