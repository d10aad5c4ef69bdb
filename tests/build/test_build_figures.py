"""Figures of builds, side by side with plain juliac; printed by ``make bench``, not asserted tightly."""

from __future__ import annotations

import dataclasses
import shutil
import statistics
import subprocess
import time
from pathlib import Path

import pytest

from jupyter_julia_aot.build import build
from jupyter_julia_aot.records import Recipe, Toolchain
from jupyter_julia_aot.toolchain import installation
from jupyter_julia_aot.toolchain.find import julia_command, julia_environment
from jupyter_julia_aot.toolchain.packages import package_environment

pytestmark = [pytest.mark.benchmarks, pytest.mark.julia112, pytest.mark.timeout(3000)]

PAIRS = 3
CODE = """\
function @main(ARGS)
    println(Core.stdout, "Julia agent")
    println(Core.stdout, "sum = $(sum(1:100))")
    return 0
end
"""
PROJECT = """\
name = "agent_project"
uuid = "6e2f7c1a-5a5e-4b53-9f0d-0c9f2b7d1e11"
version = "0.1.0"
"""


def seconds_of(command: list[str], environment: dict[str, str], cwd: Path) -> float:
    began = time.perf_counter()
    subprocess.run(command, env=environment, cwd=cwd, check=True, capture_output=True, timeout=900)
    return time.perf_counter() - began


def test_our_build_next_to_plain_juliac(juliac: Toolchain, tmp_path: Path) -> None:
    place = installation(juliac)
    if not place.juliac_script:
        pytest.skip("this Julia ships no juliac.jl")
    (tmp_path / "agent.jl").write_text(CODE)
    words = ["--output-exe", "agent", "--experimental", "--trim=safe", str(tmp_path / "agent.jl")]
    command = julia_command(juliac, place.juliac_script, *words)
    environment = julia_environment(juliac)
    recipe = Recipe(name="agent", code=CODE, trim="safe", backend="juliac.jl")
    plain, ours = [], []
    for _ in range(PAIRS):
        plain.append(seconds_of(command, environment, tmp_path))
        began = time.perf_counter()
        built = build(recipe, juliac, fresh=True)
        ours.append(time.perf_counter() - began)
    began = time.perf_counter()
    again = build(recipe, juliac)
    cached = time.perf_counter() - began
    assert again.cached
    ratios = [b / a for a, b in zip(plain, ours, strict=True)]
    verify = next(s.seconds for s in built.stages if s.name == "verify")
    print(f"\njuliac.jl {statistics.median(plain):.2f} s, ours {statistics.median(ours):.2f} s")
    print(f"of ours, the first run takes {verify:.2f} s")
    print(f"cold build, ratio of {PAIRS} pairs: {', '.join(f'{r:.3f}' for r in ratios)}")
    print(f"cached {cached * 1000:.1f} ms; executable {built.artifact.bytes / 1e6:.2f} MB")
    path = built.artifact.path
    starts = [seconds_of([path], {}, tmp_path) for _ in range(10)]
    jit = [
        seconds_of(julia_command(juliac, str(tmp_path / "agent.jl")), environment, tmp_path) for _ in range(5)
    ]
    print(f"start to end: artifact {statistics.median(starts) * 1000:.0f} ms")
    print(f"start to end: julia file.jl {statistics.median(jit) * 1000:.0f} ms")
    assert statistics.median(starts) < statistics.median(jit)


def test_our_build_next_to_the_package_juliac(juliac: Toolchain, tmp_path: Path) -> None:
    """The example's command, word for word, and our build of the same directory."""
    place = installation(juliac)
    environment_of_juliac = package_environment("JuliaC", place)
    if not environment_of_juliac:
        pytest.skip("the package JuliaC is not installed")
    package = tmp_path / "agent_project"
    (package / "src").mkdir(parents=True)
    (package / "Project.toml").write_text(PROJECT)
    (package / "src" / "agent_project.jl").write_text('module agent_project\ninclude("agent.jl")\nend\n')
    (package / "src" / "agent.jl").write_text(CODE)
    words = ["--output-exe", "julia_agent", "--bundle", "build", "--trim=safe", "--experimental"]
    command = julia_command(
        juliac, f"--project={environment_of_juliac}", "-m", "JuliaC", *words, "agent_project"
    )
    recipe = Recipe(name="julia_agent", project=str(package), trim="safe", bundle=True, backend="juliac")
    plain, ours = [], []
    for turn in range(PAIRS + 1):
        shutil.rmtree(tmp_path / "build", ignore_errors=True)
        took = seconds_of(command, julia_environment(juliac), tmp_path)
        began = time.perf_counter()
        built = build(recipe, juliac, fresh=True)
        if turn:  # the first one warms the disk for both
            plain.append(took)
            ours.append(time.perf_counter() - began)
    ratios = [b / a for a, b in zip(plain, ours, strict=True)]
    after = [s for s in built.stages if s.name in ("verify", "sbom")]
    print(f"\nJuliaC {statistics.median(plain):.2f} s, ours {statistics.median(ours):.2f} s")
    print("of ours " + ", ".join(f"{s.name} {s.seconds:.2f} s" for s in after))
    print(f"cold build, ratio of {PAIRS} pairs: {', '.join(f'{r:.3f}' for r in ratios)}")
    began = time.perf_counter()
    again = build(dataclasses.replace(recipe, slim=True), juliac)
    print(f"the same image slim {time.perf_counter() - began:.2f} s")
    assert not again.cached
    assert (tmp_path / "build" / "bin" / "julia_agent").is_file()


def test_sizes_of_bundles(juliac: Toolchain) -> None:
    if not package_environment("JuliaC", installation(juliac)):
        pytest.skip("bundles need the package JuliaC")
    whole = build(Recipe(name="agent", code=CODE, trim="safe", bundle=True), juliac)
    slim = build(Recipe(name="agent", code=CODE, trim="safe", bundle=True, slim=True), juliac)
    for built in (whole, slim):
        a = built.artifact
        print(f"\nexecutable {a.bytes / 1e6:.2f} MB, bundle {(a.bundle_bytes or 0) / 1e6:.2f} MB")
        print(f"does the same in an empty root: {built.verified.alone}")
    assert (slim.artifact.bundle_bytes or 0) <= 0.25 * (whole.artifact.bundle_bytes or 0)
