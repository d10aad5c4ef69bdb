"""Real builds: they run by themselves, are cached, can be stopped, do not collide, can be pruned."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jupyter_julia_aot.build import build, list_builds, prune, run_artifact
from jupyter_julia_aot.build.project import JULIA_FILES
from jupyter_julia_aot.errors import BuildError, Cancelled
from jupyter_julia_aot.pipeline import build_events
from jupyter_julia_aot.pipeline.timing import times_table
from jupyter_julia_aot.records import BuildResult, Recipe, Toolchain, from_json
from jupyter_julia_aot.toolchain import installation
from jupyter_julia_aot.toolchain.packages import package_environment
from tests.patience import A_SECOND

SCALE = """
function scale(factor::Int, values::Vector{Float64})
    factor < 0 && throw(DomainError(factor, "negative"))
    return factor .* values
end
"""

AGENT = """
function @main(ARGS)
    println(Core.stdout, "Julia agent")
    println(Core.stdout, "sum = $(sum(1:100))")
    return length(ARGS)
end
"""


def scale_recipe(toolchain: Toolchain) -> Recipe:
    """Trimmed where that can be done: a whole image takes minutes."""
    return Recipe(name="scale", code=SCALE, trim="safe" if "juliac" in toolchain.capabilities else "no")


BLAS = """
using LinearAlgebra
function @main(ARGS)
    x = [1.0, 2.0, 3.0]
    y = [4.0, 5.0, 6.0]
    println(Core.stdout, BLAS.dot(3, x, 1, y, 1))
    return 0
end
"""


@pytest.fixture(scope="module")
def scale(toolchain: Toolchain, builds_cache: Path) -> BuildResult:
    """A plain function as a program, by the best way this Julia has."""
    return build(scale_recipe(toolchain), toolchain)


@pytest.mark.julia
@pytest.mark.timeout(1800)
class TestPlainFunction:
    """One build, looked at from all sides."""

    def test_the_record_is_true(self, scale: BuildResult) -> None:
        path = Path(scale.artifact.path)
        assert scale.artifact.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert scale.artifact.bytes == path.stat().st_size
        assert scale.stages[0].name == "project"
        assert scale.stages[-1].name == "verify"
        assert scale.backend_reason.startswith(scale.artifact.backend)
        assert not scale.cached
        assert scale.verified.ran
        assert scale.verified.exit_code == 0
        assert "usage: scale <factor::Int64> <values::Float64,… or @file>" in scale.verified.stdout

    def test_it_runs_by_itself(self, scale: BuildResult, tmp_path: Path) -> None:
        ran = run_artifact(scale.artifact, ["2", "1,2.5,-3"])
        assert (ran.exit_code, ran.stdout) == (0, "2.0,5.0,-6.0\n")
        (tmp_path / "values").write_text("[1.5\n2.5]\n")
        assert run_artifact(scale.artifact, ["2", f"@{tmp_path}/values"]).stdout == "3.0,5.0\n"

    @pytest.mark.parametrize(
        "arguments", [[], ["2"], ["x", "1"], ["2", "1,x"], ["2", "1", "3"], ["2.5", "1"]]
    )
    def test_bad_arguments_exit_with_2(self, scale: BuildResult, arguments: list[str]) -> None:
        ran = run_artifact(scale.artifact, arguments)
        assert ran.exit_code == 2
        assert ran.stdout == ""
        assert "usage: scale" in ran.stderr

    def test_an_exception_is_told(self, scale: BuildResult) -> None:
        ran = run_artifact(scale.artifact, ["-1", "1"])
        assert ran.exit_code not in (0, 2)
        assert "DomainError" in ran.stderr

    def test_again_it_comes_from_the_cache(self, scale: BuildResult, toolchain: Toolchain) -> None:
        began = time.monotonic()
        again = build(scale_recipe(toolchain), toolchain)
        assert time.monotonic() - began < A_SECOND, "nothing is compiled again"
        assert again.cached
        assert again.artifact == scale.artifact
        assert again.verified == scale.verified

    def test_it_works_where_it_is_copied_to(
        self, scale: BuildResult, toolchain: Toolchain, tmp_path: Path
    ) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "mine.txt").write_text("kept")
        given = build(scale_recipe(toolchain), toolchain, out=tmp_path / "out")
        assert given.cached
        assert given.artifact.path == str(tmp_path / "out" / "scale")
        assert run_artifact(given.artifact, ["3", "1"]).stdout == "3.0\n"
        assert (tmp_path / "out" / "mine.txt").read_text() == "kept"
        assert [p.name for p in (tmp_path / "out").iterdir() if p.name.startswith(".")] == []

    def test_it_is_timed_next_to_julia_and_the_jit(self, scale: BuildResult, toolchain: Toolchain) -> None:
        def timed(*arguments: str) -> BuildResult:
            events = list(build_events(scale_recipe(toolchain), compare=arguments))
            assert [e.data["name"] for e in events if e.kind == "stage"][-1] == "compare"
            (built,) = (e.data["result"] for e in events if e.kind == "built")
            return from_json(BuildResult, built)

        rows = timed("2", "1,2.5").times
        assert [row.what for row in rows] == ["scale", "julia FILE", "JIT, warm, the call alone"]
        for row in rows:
            assert 0 < row.least <= row.median <= row.most
        assert rows[2].median < rows[1].median, "Julia does not start anew for a call"
        assert times_table(rows).count("runs)") == 3

    def test_it_is_listed(self, scale: BuildResult) -> None:
        assert scale.artifact.id in [r.artifact.id for r in list_builds()]
        assert prune(days=1.0) == ([], 0)

    def test_a_program_that_goes_on_is_stopped(self, tmp_path: Path) -> None:
        program = tmp_path / "endless"
        program.write_text("#!/bin/sh\nsleep 60\n")
        program.chmod(0o755)
        with pytest.raises(BuildError, match=r"did not end within 0\.2 s"):
            run_artifact(program, timeout=0.2)
        with pytest.raises(BuildError, match="cannot be started"):
            run_artifact(tmp_path / "none")


@pytest.mark.julia
def test_stopping_ends_the_build_within_a_second(any_julia: Toolchain, builds_cache: Path) -> None:
    cancel = threading.Event()
    began: list[float] = []

    def report(name: str, state: str, _seconds: float) -> None:
        if (name, state) == ("compile", "started"):
            threading.Timer(0.7, stop).start()

    def stop() -> None:
        began.append(time.monotonic())
        cancel.set()

    with pytest.raises(Cancelled):
        build(Recipe(name="stopped", code="stopped() = 1"), any_julia, report=report, cancel=cancel)
    assert time.monotonic() - began[0] < A_SECOND
    assert [p for p in (builds_cache / "builds").iterdir() if p.name.startswith(".new")] == []
    assert "stopped" not in [r.artifact.name for r in list_builds()]


@pytest.mark.julia112
@pytest.mark.timeout(1800)
def test_two_builds_at_once_do_the_work_once(juliac: Toolchain) -> None:
    recipe = Recipe(name="agent", code=AGENT, trim="safe")
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: build(recipe, juliac), range(2)))
    assert sorted(r.cached for r in results) == [False, True]
    first, second = results
    assert first.artifact == second.artifact
    assert first.verified.stdout == "Julia agent\nsum = 5050\n"
    assert run_artifact(first.artifact, ["a", "b"]).exit_code == 2
    assert first.artifact.bytes < 3e6


@pytest.mark.julia112
def test_what_cannot_be_trimmed_points_at_its_line(juliac: Toolchain) -> None:
    code = (
        'function @main(args)\n    x = Any[1, "a"]\n    println(Core.stdout, x[1] + 1)\n    return 0\nend\n'
    )
    with pytest.raises(BuildError) as raised:
        build(Recipe(name="untrimmable", code=code, trim="safe", source_name="cell 7"), juliac)
    assert ("cell 7", 3) in [(d.file, d.line) for d in raised.value.diagnostics]
    assert any(d.severity == "error" for d in raised.value.diagnostics)


@pytest.mark.julia112
def test_a_library_exports_its_functions(juliac: Toolchain, wait_until: Callable[..., None]) -> None:
    code = 'Base.@ccallable "twice" function twice(x::Cdouble)::Cdouble\n    return 2x\nend\n'
    built = build(Recipe(name="libtwice", kind="lib", code=code, trim="safe"), juliac)
    script = (
        "import ctypes, sys\nlib = ctypes.CDLL(sys.argv[1])\n"
        "lib.twice.restype, lib.twice.argtypes = ctypes.c_double, [ctypes.c_double]\nprint(lib.twice(21.0))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script, built.artifact.path], capture_output=True, text=True, timeout=60
    )
    assert ran.stdout == "42.0\n", ran.stderr


@pytest.mark.julia112
@pytest.mark.timeout(1800)
def test_objects_and_c_files(juliac: Toolchain, tmp_path: Path) -> None:
    """An archive for another linker; C sources are compiled elsewhere than where they lie."""
    if not package_environment("JuliaC", installation(juliac)):
        pytest.skip("archives and C files need the package JuliaC")
    (tmp_path / "add.h").write_text("int add(int a, int b);\n")
    (tmp_path / "add.c").write_text('#include "add.h"\nint add(int a, int b) { return a + b + MORE; }\n')
    before = sorted(tmp_path.iterdir())
    code = (
        "function @main(ARGS)\n    println(Core.stdout, @ccall add(40::Cint, 1::Cint)::Cint)\n"
        "    return 0\nend\n"
    )
    recipe = Recipe(name="adds", code=code, trim="safe", cflags=("-DMORE=1",))
    built = build(dataclasses.replace(recipe, c_sources=(str(tmp_path / "add.c"),)), juliac)
    assert built.verified.stdout == "42\n"
    assert sorted(tmp_path.iterdir()) == before
    code = 'Base.@ccallable "twice" function twice(x::Cint)::Cint\n    return 2x\nend\n'
    for kind, magic in (("object", b"\x7fELF"), ("bitcode", b"BC\xc0\xde")):
        archive = Recipe(name="twice", kind=kind, code=code, trim="safe", ccallables=True)  # type: ignore[arg-type]
        data = Path(build(archive, juliac).artifact.path).read_bytes()
        assert data.startswith(b"!<arch>\n")
        assert magic in data


@pytest.mark.julia112
@pytest.mark.timeout(1800)
def test_a_slim_bundle_keeps_what_the_program_uses(juliac: Toolchain, tmp_path: Path) -> None:
    """Without BLAS the bundle shrinks to a quarter and says the same; with BLAS it keeps it."""
    if not package_environment("JuliaC", installation(juliac)):
        pytest.skip("bundles need the package JuliaC")
    without = build(Recipe(name="agent", code=AGENT, trim="safe", bundle=True, slim=True), juliac)
    assert without.verified.stdout == "Julia agent\nsum = 5050\n"
    assert without.artifact.bundle_bytes is not None
    assert without.artifact.bundle_bytes < 16e6
    assert without.artifact.bytes < 1.1e6
    with_blas = build(Recipe(name="blas", code=BLAS, trim="safe", bundle=True, slim=True), juliac)
    assert with_blas.verified.stdout == "32.0\n"
    sizes = {library.name: library.bytes for library in with_blas.artifact.libraries}
    assert max(size for name, size in sizes.items() if "openblas" in name) > 5e6
    # Were the call not seen, the stand-in would end the program, never give a wrong number.
    copy = tmp_path / "copy"
    shutil.copytree(Path(with_blas.artifact.path).parents[1], copy, symlinks=True)
    library = next(p for p in copy.rglob("libopenblas64_*") if not p.is_symlink())
    source = str(JULIA_FILES / "no_blas.c")
    command = ["cc", "-O2", "-shared", "-fPIC", "-o", str(library), source, "-ldl"]
    subprocess.run(command, check=True, timeout=300)
    ran = run_artifact(copy / "bin" / "blas")
    assert ran.stdout == ""
    assert ran.exit_code != 0
    assert "built with --slim" in ran.stderr


@pytest.mark.julia
def test_pruning_takes_the_oldest_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_julia_aot.build import store
    from jupyter_julia_aot.records import Artifact

    monkeypatch.setenv("JULIA_AOT_CACHE_DIR", str(tmp_path))
    for age, name in enumerate(("new", "middle", "old")):
        folder = tmp_path / "builds" / name
        (folder / store.PRODUCT).mkdir(parents=True)
        (folder / store.PRODUCT / name).write_bytes(b"x" * 500_000)
        artifact = Artifact(id=name, kind="exe", name=name, path=str(folder), sha256="", bytes=500_000)
        store.save(folder, BuildResult(artifact=artifact))
        when = time.time() - age * 10 * 86400
        os.utime(folder / store.RESULT_FILE, (when, when))
    assert [r.artifact.id for r in list_builds()] == ["new", "middle", "old"]
    removed, freed = prune(days=15)
    assert removed == ["old"]
    assert freed >= 500_000
    assert prune(keep_mb=0.7)[0] == ["middle"]
    assert [p.name for p in (tmp_path / "builds").iterdir()] == ["new"]
    (tmp_path / "builds" / "new" / store.RESULT_FILE).write_text("{")
    assert list_builds() == ()
    assert store.load("new") is None
