"""``--fix``: rewrite what the trim verifier refuses, where a rule can, and show it as a diff."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from jupyter_julia_aot.build.job import Job
from jupyter_julia_aot.build.project import JULIA_FILES
from jupyter_julia_aot.records import Diagnostic, Fix
from jupyter_julia_aot.toolchain.find import julia_command

_MARK = "julia-aot-fix"


def source_texts(job: Job) -> dict[str, str]:
    """The user's files as they are now, by the names that are shown."""
    return {
        shown: (job.project.folder / path).read_text(encoding="utf-8", errors="replace")
        for path, shown in job.project.sources.items()
    }


def apply_fixes(job: Job, diagnostics: Iterable[Diagnostic]) -> tuple[Fix, ...]:
    """Rewrite the project's copy of the user's files; what was done, in order.

    The compiler's Julia loads the module to know its types; nothing of it is called. Raises
    :class:`~jupyter_julia_aot.errors.BuildError` (stage ``fix``) when that Julia does not run.
    """
    shown_to_path = {shown: job.project.folder / path for path, shown in job.project.sources.items()}
    places = {
        (shown_to_path[d.file], d.line) for d in diagnostics if d.file in shown_to_path and d.line is not None
    }
    blamed = job.work / "blamed.tsv"
    blamed.write_text("".join(f"{path}\t{line}\n" for path, line in sorted(places)), encoding="utf-8")
    main = job.project.folder / "src" / f"{job.project.module}.jl"
    command = julia_command(
        job.toolchain,
        f"--project={job.project.folder}",
        str(JULIA_FILES / "fix.jl"),
        str(main),
        str(blamed),
        *(str(path) for path in shown_to_path.values()),
    )
    ran = job.run(command, stage="fix", what="rewriting for the trim verifier")
    names = {str(path): shown for shown, path in shown_to_path.items()}
    return tuple(_read(ran.stdout, names))


def _read(output: str, names: Mapping[str, str]) -> Iterable[Fix]:
    for row in output.splitlines():
        mark, *parts = row.split("\t", 4)
        if mark == _MARK and len(parts) == 4 and parts[1].isdigit():
            yield Fix(file=names.get(parts[0], parts[0]), line=int(parts[1]), rule=parts[2], note=parts[3])


def unified_diff(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """What changed in the user's files, as ``diff -u`` writes it; empty when nothing did."""
    parts: list[str] = []
    for name, text in before.items():
        lines = difflib.unified_diff(
            text.splitlines(), after.get(name, text).splitlines(), name, f"{name} (fixed)", lineterm=""
        )
        parts += [f"{line}\n" for line in lines]
    return "".join(parts)
