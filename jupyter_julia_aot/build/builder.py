"""Build a recipe: project, compile, link, bundle, run once — or take what was built before."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from jupyter_julia_aot.build import alone, store
from jupyter_julia_aot.build.attempts import compile_job, resolved_trim
from jupyter_julia_aot.build.backends import Backend, choose
from jupyter_julia_aot.build.bindings import library
from jupyter_julia_aot.build.bindings.signature import Description
from jupyter_julia_aot.build.bundle import library_folders, list_libraries
from jupyter_julia_aot.build.faults import explain
from jupyter_julia_aot.build.images import hold_image
from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.build.project import Project, write_project
from jupyter_julia_aot.build.sbom import write_sbom
from jupyter_julia_aot.build.slim import slim
from jupyter_julia_aot.build.stages import Bundle, Image, Made
from jupyter_julia_aot.build.verify import first_run
from jupyter_julia_aot.errors import BuildError, Cancelled, SettingError
from jupyter_julia_aot.records import (
    Artifact,
    BuildResult,
    Diagnostic,
    Recipe,
    StageTime,
    Toolchain,
    Verified,
)
from jupyter_julia_aot.toolchain.locks import file_lock, replace_directory, staging
from jupyter_julia_aot.toolchain.probe import Installation, installation

Report = Callable[[str, str, float], None]
Confined = Callable[[Path, Sequence[str], Sequence[str], threading.Event | None], Verified | None]
"""Runs a program that may read these directories only; ``None`` where that cannot be done."""


def build(
    recipe: Recipe,
    toolchain: Toolchain,
    *,
    out: Path | None = None,
    report: Report | None = None,
    cancel: threading.Event | None = None,
    confined: Confined | None = None,
    fresh: bool = False,
) -> BuildResult:
    """Build ``recipe`` with ``toolchain``; the same thing built before is given back at once,
    unless it is to be built ``fresh``.

    ``report`` gets a stage's name, ``started`` or ``finished``, and seconds. With ``out`` the
    artifact and what belongs to it are copied there; otherwise it stays in the cache. ``confined``
    does the first run of a program (default: with the caller's rights).

    Raises :class:`BuildError` naming the stage, with diagnostics at the user's lines;
    :class:`CapabilityError` when this Julia cannot build it; :class:`SettingError` for a name that
    is no file name; :class:`Cancelled` within a second after ``cancel`` is set, with every process
    of the build ended. Nothing half-built is left.
    """
    _check_name(recipe.name)
    place = installation(toolchain)
    backend, reason = choose(recipe, toolchain, place)
    try:
        key = store.build_key(recipe, place)
        with file_lock(store.root() / ".locks" / key, cancel):
            result = None if fresh else store.load(key)
            if result is not None:
                result = dataclasses.replace(result, cached=True, stages=())
            else:
                work = _Build(recipe, toolchain, place, report, cancel, confined, fresh)
                result = work.run(backend, reason, key)
        return result if out is None else _deliver(result, store.root() / key / store.PRODUCT, Path(out))
    except OSError as error:
        raise BuildError(
            f"the build cannot be written: {error.strerror or error} ({error.filename or store.root()})",
            stage="write",
            remedy="free some space, or set JULIA_AOT_CACHE_DIR to a directory that can be written",
        ) from error


class _Build:
    """One build that is really done."""

    def __init__(
        self,
        recipe: Recipe,
        toolchain: Toolchain,
        place: Installation,
        report: Report | None,
        cancel: threading.Event | None,
        confined: Confined | None,
        fresh: bool,
    ) -> None:
        self._recipe = recipe
        self._fresh = fresh
        self._confined = confined
        self._toolchain = toolchain
        self._place = place
        self._report = report or (lambda _name, _state, _seconds: None)
        self._cancel = cancel
        self._stages: list[StageTime] = []
        self._running: tuple[str, float] | None = None

    def run(self, backend: Backend, reason: str, key: str) -> BuildResult:
        final = store.root() / key
        with (
            staging(final) as fresh,
            tempfile.TemporaryDirectory(prefix="julia-aot-") as scratch,
        ):
            self._begin("project")
            job = Job(
                recipe=dataclasses.replace(self._recipe, trim=resolved_trim(self._recipe, backend)),
                toolchain=self._toolchain,
                place=self._place,
                project=self._project(fresh / "project", backend),
                work=Path(scratch),
                product=fresh / store.PRODUCT,
                cancel=self._cancel,
                stage=self._begin,
                fresh=self._fresh,
            )
            job.product.mkdir()
            try:
                result = self._result(job, backend, final)
            finally:
                (fresh / "log.txt").write_text("\n\n".join(job.log), encoding="utf-8")
            result = dataclasses.replace(result, backend_reason=reason)
            store.save(fresh, result)
        return result

    def _result(self, job: Job, backend: Backend, final: Path) -> BuildResult:
        """Build, prove by a run, and describe what came out, which is going to lie in ``final``."""
        recipe = self._recipe
        described = None
        if recipe.kind == "lib":
            self._begin("describe")
            described = self._describe(job, backend)
        compiled = compile_job(job, backend, automatic=recipe.trim == "auto")
        made, backend = compiled.made, compiled.backend
        if not isinstance(made, Image) and made.image is not None:
            hold_image(made.image, job.product.parent)
        if recipe.slim and not isinstance(made, Image):
            self._begin("slim")
            slim(job, made.file)
        beside = None
        if described is not None:
            self._begin("bind")
            beside = library.write_beside(job, described, made.file, backend.name)
        verified = self._verified(job, made, beside)
        sbom = ""
        if isinstance(made, Bundle):
            self._begin("sbom")
            sbom = f"{recipe.name}.cdx.json"
            write_sbom(job, job.product / sbom)
        self._end()
        artifact = self._artifact(job, made.file, final, backend.name)
        artifact = dataclasses.replace(artifact, sbom=sbom)
        if beside is not None:
            artifact = beside.added_to(artifact, final / store.PRODUCT)
        return BuildResult(
            artifact=artifact,
            stages=tuple(self._stages),
            verified=verified,
            diagnostics=(*job.diagnostics, *_remarks(verified, recipe.source_name)),
            fixes=compiled.fixes,
            diff=compiled.diff,
        )

    def _verified(self, job: Job, made: Made, beside: library.Beside | None) -> Verified:
        if self._recipe.kind == "exe":
            self._begin("verify")
            arguments = ["--help"] if job.project.generated_entry else []
            verified = self._first_run(made.file, arguments, job)
            _check_loads(verified, job)
            return self._alone(verified, made, job, arguments) if isinstance(made, Bundle) else verified
        if beside is not None and beside.binding is not None:
            self._begin("verify")
            return library.first_load(job, beside.binding)
        return Verified()

    def _first_run(self, target: Path, arguments: list[str], job: Job) -> Verified:
        if self._confined is not None:
            readable = [str(job.product), self._place.prefix, *library_folders(self._place)]
            verified = self._confined(target, arguments, [r for r in readable if r], self._cancel)
            if verified is not None:
                return verified
            message = "this machine has no sandbox that works, so the first run had your own rights"
            job.diagnostics.append(Diagnostic(severity="info", message=message))
        return first_run(target, arguments, self._cancel)

    def _project(self, folder: Path, backend: Backend) -> Project:
        recipe = self._recipe
        if recipe.kind == "lib" and recipe.code is not None and backend.name == "sysimage":
            # The project of the program with this code, so that both use one image, which takes minutes.
            try:
                return write_project(dataclasses.replace(recipe, kind="exe", entry=None), self._place, folder)
            except BuildError:  # it is no program; it may be a library all the same
                shutil.rmtree(folder, ignore_errors=True)
        return write_project(recipe, self._place, folder)

    def _describe(self, job: Job, backend: Backend) -> Description:
        whole, chosen = library.describe(job)
        if job.project.generated_entry and not whole.command_line:
            shutil.rmtree(job.project.folder)
            job.project = write_project(self._recipe, self._place, job.project.folder)
        library.write_sources(job, whole if backend.name == "sysimage" else chosen)
        return chosen

    def _alone(self, first: Verified, made: Bundle, job: Job, arguments: list[str]) -> Verified:
        """The bundle once more, where there is nothing else; said in the record and, if not, why."""
        reason = alone.why_not()
        if reason or first.exit_code is None:
            return first
        again = alone.run_alone(made.folder, made.file, arguments, self._cancel)
        same = (again.exit_code, again.stdout) == (first.exit_code, first.stdout)
        if not same:
            last = (again.stderr.strip().splitlines() or [f"exit code {again.exit_code}"])[-1][:300]
            message = f"in an empty root directory the bundle does not do the same: {last}"
            job.diagnostics.append(Diagnostic(severity="warning", message=message))
        return dataclasses.replace(first, alone=same)

    def _artifact(self, job: Job, target: Path, final: Path, backend: str) -> Artifact:
        product = job.product
        with target.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        libraries = list_libraries(target, product)
        beside = sum(p.stat().st_size for p in product.rglob("*") if p.is_file() and not p.is_symlink())
        return Artifact(
            id=final.name,
            kind=self._recipe.kind,
            name=self._recipe.name,
            path=str(final / target.relative_to(product.parent)),
            sha256=sha256,
            bytes=target.stat().st_size,
            bundle_bytes=beside if beside != target.stat().st_size else None,
            libraries=libraries,
            backend=backend,
            julia=self._place.version,
            trim=job.recipe.trim,
            needs_julia=not self._recipe.bundle,
        )

    def _begin(self, name: str) -> None:
        """A stage begins, and with that the one before has ended."""
        self._end()
        if self._cancel is not None and self._cancel.is_set():
            raise Cancelled(f"the build was stopped before {name}")
        self._running = (name, time.monotonic())
        self._report(name, "started", 0.0)

    def _end(self) -> None:
        if self._running is None:
            return
        name, began = self._running
        self._running = None
        seconds = time.monotonic() - began
        self._stages.append(StageTime(name=name, seconds=seconds))
        self._report(name, "finished", seconds)


def _check_loads(verified: Verified, job: Job) -> None:
    """A program that the loader refuses was not built; what it does once it runs is its own affair."""
    if verified.exit_code == 127 and "error while loading shared libraries" in verified.stderr:
        raise BuildError(
            f"the program does not start: {verified.stderr.strip().splitlines()[-1][-300:]}",
            stage="verify",
            log="\n\n".join(job.log),
            remedy="install the library named, or build with --bundle",
        )


def _remarks(verified: Verified, source_name: str) -> tuple[Diagnostic, ...]:
    fault = explain(verified.stderr, source_name) if verified.exit_code else None
    if fault is not None:
        return (dataclasses.replace(fault, severity="warning", message=f"in its first run: {fault.message}"),)
    if not verified.ran or (verified.exit_code is not None and verified.exit_code >= 0):
        return ()
    if verified.exit_code is None:
        return (Diagnostic(severity="info", message="the program went on and was stopped"),)
    last = (verified.stderr.strip().splitlines() or [""])[-1][:300]
    message = f"the program was ended by signal {-verified.exit_code} in its first run. {last}".strip()
    return (Diagnostic(severity="warning", message=message),)


def _deliver(result: BuildResult, product: Path, out: Path) -> BuildResult:
    """Copy the artifact's files into ``out``; each appears whole."""
    out.mkdir(parents=True, exist_ok=True)
    for part in sorted(product.iterdir()):
        fresh = out / f".new-{part.name}-{os.getpid()}-{threading.get_ident()}"
        try:
            if part.is_dir():
                shutil.copytree(part, fresh, symlinks=True, copy_function=shutil.copy2)
                if (out / part.name).is_dir() and not (out / part.name).is_symlink():
                    _merge(fresh, out / part.name)
                else:
                    replace_directory(fresh, out / part.name)
            else:
                shutil.copy2(part, fresh)
                fresh.replace(out / part.name)
        finally:
            if fresh.is_dir():
                shutil.rmtree(fresh, ignore_errors=True)
            else:
                fresh.unlink(missing_ok=True)
    artifact = result.artifact

    def moved(path: str) -> str:
        return str(out.resolve() / Path(path).relative_to(product))

    artifact = dataclasses.replace(
        artifact,
        path=moved(artifact.path),
        header=artifact.header and moved(artifact.header),
        binding=artifact.binding and moved(artifact.binding),
    )
    return dataclasses.replace(result, artifact=artifact)


def _merge(fresh: Path, folder: Path) -> None:
    """Move files over those of the same name; another program's libraries may lie there too."""
    for part in sorted(fresh.iterdir()):
        target = folder / part.name
        if part.is_dir() and not part.is_symlink() and target.is_dir():
            _merge(part, target)
        else:
            part.replace(target)


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_][\w.+-]{0,99}", name):
        raise SettingError(
            f"{name!r} is no name for an artifact", remedy="use letters, digits, _ . + - (at most 100)"
        )
