"""Libraries of real builds, called from Python: values, arrays without a copy, exceptions, wheels."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_julia_aot.build import build
from jupyter_julia_aot.build.bindings.load import load_library
from jupyter_julia_aot.build.wheel import build_wheel
from jupyter_julia_aot.errors import BuildError, JuliaError
from jupyter_julia_aot.records import BuildResult, Oracle, Recipe, Toolchain
from jupyter_julia_aot.toolchain import installation
from jupyter_julia_aot.toolchain.packages import package_environment

# Whichever test comes first compiles a whole image, where Julia cannot trim: minutes on a busy machine.
pytestmark = [pytest.mark.julia, pytest.mark.timeout(2400)]

LIBRARY = Path(__file__).with_name("library.jl")

# The code of the program in test_build_artifacts.py: where a whole image is compiled, both use one.
SCALE = """
function scale(factor::Int, values::Vector{Float64})
    factor < 0 && throw(DomainError(factor, "negative"))
    return factor .* values
end
"""


def recipe(toolchain: Toolchain, **changes: Any) -> Recipe:
    trim = "safe" if "juliac" in toolchain.capabilities else "no"
    return Recipe(name="scale", kind="lib", code=SCALE, trim=trim, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def scale(toolchain: Toolchain, builds_cache: Path) -> BuildResult:
    return build(recipe(toolchain), toolchain)


def in_python(binding: str, script: str, python: str = sys.executable) -> Any:
    """What a fresh Python prints as JSON, with the library's package importable and no Julia on its path."""
    head = f"import json, sys\nsys.path.insert(0, {str(Path(binding).parent)!r})\n"
    environment = {"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/")}
    ran = subprocess.run(
        [python, "-c", head + script], capture_output=True, text=True, env=environment, timeout=1000
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout.splitlines()[-1])


def test_the_record_says_what_there_is(scale: BuildResult) -> None:
    artifact = scale.artifact
    assert artifact.kind == "lib"
    assert "int64_t aot_scale(int64_t factor, double *values, int64_t values_dim1, aot_array *result);" in (
        Path(str(artifact.header)).read_text()
    )
    assert [e.julia for e in artifact.abi] == [
        "scale(factor::Int64, values::Vector{Float64})::Vector{Float64}"
    ]
    assert scale.verified.ran
    assert "scale(factor::Int64" in scale.verified.stdout
    assert {"describe", "bind", "verify"} <= {s.name for s in scale.stages}


def test_calls_from_python(scale: BuildResult) -> None:
    script = """
import numpy as np, scale
values = np.array([1.0, 2.5, -3.0])
result = scale.scale(2, values)
errors = []
for arguments in [(-1, values), (2,), (2.5, values), (2, [1.0]), (2, values.astype(int)), (2, values[::2]),
                  (2**70, values), (2, np.broadcast_to(1.0, 3))]:
    try:
        scale.scale(*arguments)
    except Exception as error:
        errors.append([type(error).__name__, str(error)])
many = [scale.scale(1, np.ones(1000)) for _ in range(2000)]
print(json.dumps([result.tolist(), result.dtype.str, errors, float(sum(m.sum() for m in many))]))
"""
    result, dtype, errors, total = in_python(str(scale.artifact.binding), script)
    assert result == [2.0, 5.0, -6.0]
    assert dtype == "<f8"
    assert [e[0] for e in errors] == ["JuliaError", *["TypeError"] * 5, "OverflowError", "TypeError"]
    line = " (line 3)" if scale.artifact.backend != "sysimage" else ""  # its image has no line numbers
    assert errors[0][1] == f"DomainError{line}: DomainError with -1:\nnegative"
    assert "takes 2 argument" in errors[1][1]
    assert "values must be a NumPy array of float64 with 1 dimension, not list" in errors[3][1]
    assert "must be contiguous" in errors[5][1]
    assert total == 2_000_000.0


def test_a_helper_process(scale: BuildResult) -> None:
    """Where two Julias would collide: the same functions, in a process that can end without ours."""
    library = load_library(scale.artifact, route="helper")
    assert library.functions == ("scale",)
    assert library.route == "helper"
    assert library.scale(3, np.array([1.0, 2.0])).tolist() == [3.0, 6.0]
    with pytest.raises(JuliaError, match="negative") as raised:
        library.scale(-1, np.array([1.0]))
    assert raised.value.julia_type == "DomainError"
    with pytest.raises(TypeError, match="must be an integer"):
        library.scale(1.5, np.array([1.0]))
    os.kill(library.scale._process._process.pid, signal.SIGKILL)
    library.scale._process._process.wait(60)
    assert library.scale(1, np.array([4.0])).tolist() == [4.0], "it is started again"


def test_two_that_share_a_julia_are_kept_apart(scale: BuildResult) -> None:
    """Instead of ending the process, the second Julia in it is refused, and goes to a process of its own."""
    script = f"""
import ctypes
from jupyter_julia_aot.build.bindings.load import load_library
first = load_library({str(scale.artifact.binding)!r})
import numpy as np
copy = {str(scale.artifact.binding)!r}
import shutil, tempfile, pathlib
folder = pathlib.Path(tempfile.mkdtemp()) / "python" / "scale"
shutil.copytree(copy, folder)
for part in pathlib.Path(copy).parents[1].iterdir():
    if part.name != "python":
        (folder.parents[1] / part.name).symlink_to(part)
second = load_library(folder)
try:
    load_library(folder.parent / "scale", route="process")
    refused = ""
except Exception as error:
    refused = str(error)
values = np.ones(2)
print(json.dumps([first.route, second.route, first.scale(2, values).tolist(),
                  second.scale(3, values).tolist(), refused]))
second.scale._process._close()
shutil.rmtree(folder.parents[1])
"""
    first, second, two, three, refused = in_python(str(scale.artifact.binding), script)
    assert (first, second) == ("process", "helper")
    assert (two, three) == ([2.0, 2.0], [3.0, 3.0])
    assert "a Julia runs in this process already" in refused


def test_the_oracle_judges_the_artifact(scale: BuildResult, toolchain: Toolchain) -> None:
    from jupyter_julia_aot.pipeline.proving import prove

    # Were the artifact another program than the tests were passed by, it would be seen.
    other = SCALE.replace("factor .* values", "factor .* values .+ (factor == 3)")
    tests = Oracle(source="@test scale(2, [1.0]) == [2.0]\n@test scale(3, [1.0]) == [4.0]\n")
    proof = prove(scale.artifact, "scale", other, tests)
    assert not proof.equal
    assert proof.calls == 2, "the first is the same on both"
    assert proof.checks.startswith("failed: ")
    assert len(proof.differences) == 1
    assert "scale(3, array([1.]))" in proof.differences[0]


def test_what_cannot_be_exported_says_why(any_julia: Toolchain) -> None:
    code = "f(x) = x\ng(x::Vector{Any}) = 1\nh(x::Int)::Any = Any[x, 'a'][x]\n"
    with pytest.raises(BuildError, match="no function that C or Python could call") as raised:
        build(Recipe(name="none", kind="lib", code=code), any_julia)
    assert raised.value.stage == "describe"
    assert "--types" in raised.value.remedy
    told = {d.line: d.message for d in raised.value.diagnostics}
    assert "it is not typed" in told[1]
    assert "no NumPy form" in told[2] or "not typed" in told[2]
    assert "depends on values" in told[3]
    with pytest.raises(BuildError, match="defines no function missing_one"):
        build(Recipe(name="none", kind="lib", code="f(x::Int) = x", entry="missing_one"), any_julia)


def test_a_wheel_works_without_julia(
    scale: BuildResult, toolchain: Toolchain, builds_cache: Path, tmp_path: Path
) -> None:
    if "juliac" in toolchain.capabilities and not package_environment("JuliaC", installation(toolchain)):
        pytest.skip("bundles need the package JuliaC")
    bundled = build(recipe(toolchain, bundle=True), toolchain)
    log = (builds_cache / "builds" / bundled.artifact.id / "log.txt").read_text()
    assert "the image was compiled before" in log, "only linking and bundling are new"
    wheel = build_wheel(bundled.artifact, tmp_path, version="1.2.3")
    assert wheel.name.startswith("scale-1.2.3-cp311-abi3-")
    assert wheel.name.endswith("_x86_64.whl") or "linux" not in wheel.name
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    python = str(home / "bin" / "python")
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--no-index", "--no-deps", "-q"]
    subprocess.run([*command, str(wheel)], check=True, timeout=1000)
    site = next((home / "lib").glob("python*/site-packages"))
    for part in Path(np.__file__).parents[1].glob("numpy*"):
        (site / part.name).symlink_to(part)
    script = """
import numpy as np, scale
error = ""
try:
    scale.scale(-1, np.ones(1))
except scale.JuliaError as raised:
    error = raised.julia_type
maps = {line.split()[-1] for line in open("/proc/self/maps") if "libjulia" in line}
import scale.test_scale as own
own.test_every_function_is_there(), own.test_arguments_are_counted()
print(json.dumps([scale.scale(2, np.ones(2)).tolist(), error, sorted(maps), scale.__file__]))
"""
    result, error, maps, file = in_python("/nowhere/x", script, python)
    assert (result, error) == ([2.0, 2.0], "DomainError")
    assert maps
    assert all(path.startswith(str(site)) for path in [*maps, file]), "nothing of the machine's Julia"
    assert (site / "scale" / "py.typed").is_file()


def test_what_a_wheel_cannot_hold(scale: BuildResult, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="which a wheel cannot bring") as raised:
        build_wheel(scale.artifact, tmp_path)
    assert "--bundle" in raised.value.remedy
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def kit(toolchain112: Toolchain, builds_cache: Path) -> BuildResult:
    """Every kind of argument and result, trimmed."""
    return build(
        Recipe(name="kit", kind="lib", code=LIBRARY.read_text(), trim="safe", source_name="library.jl"),
        toolchain112,
    )


@pytest.mark.julia112
def test_every_kind_of_value(kit: BuildResult) -> None:
    script = """
import numpy as np, kit
from kit import Point
v = np.arange(1.0, 4.0)
same = kit.double_b(v) is v
tail = kit.tail(v)
tail[0] = 100.0
o = kit.outer(v, np.array([1.0, 2.0]))
points = kit.shift(np.zeros(2, kit.Point_dtype))
try:
    kit.trace(np.ones((2, 3)))
    order = ""
except TypeError as error:
    order = str(error)
print(json.dumps({
    "half": kit.half(3.0), "add": [kit.add(1, 2), kit.add(1.5, 2)], "narrow": kit.narrow(np.int8(3)),
    "flip": [kit.flip(True), kit.flip(np.False_)], "big": str(kit.big(2**100)), "minus": kit.big(-5),
    "turn": str(kit.turn(1 + 2j)), "rounded": kit.rounded(0.5), "next": kit.next("é"),
    "greet": kit.greet("wörld"),
    "same": same, "v": v.tolist(), "outer": [o.shape, o.flags.f_contiguous, float(o.sum())],
    "order": order, "trace": [kit.trace(np.asfortranarray(np.ones((2, 3)))), kit.trace(np.ones((2, 3)).T)],
    "mid": str(kit.mid(Point(0.0, 0.0), Point(2.0, 4.0))), "points": points.tolist(),
    "extremes": [kit.extremes(np.array([3, 1, 2])).least, kit.extremes(np.array([3, 1, 2]))[1]],
    "counted": [kit.counted(np.array([1, 2], np.int32))[0].dtype.name,
                kit.counted(np.array([1], np.int32))[1]],
    "find": [kit.find(np.array([4, 5]), 5), kit.find(np.array([4, 5]), 9)],
}))
"""
    assert in_python(str(kit.artifact.binding), script) == {
        "half": 1.5,
        "add": [3, 3.5],
        "narrow": 4,
        "flip": [False, True],
        "big": str(2**100 + 1),
        "minus": -4,
        "turn": "(-2+1j)",
        "rounded": 0.75,
        "next": "ê",
        "greet": "hello wörld",
        "same": True,
        "v": [2.0, 100.0, 6.0],
        "outer": [[3, 2], True, 324.0],
        "order": "trace: a must lie column by column, as Julia's arrays do; numpy.asfortranarray makes a "
        "copy that does, and .T of an array in C order is one without a copy, with the dimensions reversed",
        "trace": [2.0, 2.0],
        "mid": "Point(x=1.0, y=2.0)",
        "points": [[1.0, 0.0], [1.0, 0.0]],
        "extremes": [1, 3],
        "counted": ["int32", 1],
        "find": [2, None],
    }
    told = [d.message for d in kit.diagnostics]
    assert any("anything(::Any): argument x: it is not typed" in m for m in told)


@pytest.mark.julia112
def test_exceptions_threads_and_constants_of_a_trimmed_library(kit: BuildResult) -> None:
    """Faults by type, message and line; another thread is refused; a constant that grows stays."""
    script = """
import gc, threading, numpy as np, kit
faults = []
for x in (-3, 0, 7):
    try:
        kit.checked(x)
    except kit.JuliaError as error:
        faults.append([error.julia_type, error.message, error.line])
sums, big = [], np.ones(200)
sums.append(sum(kit.outer(big, big)[0, 0] + kit.remember(i % 50) * 0 for i in range(2000)))
refused = []
def elsewhere():
    try:
        kit.half(1.0)
    except RuntimeError as error:
        refused.append(str(error))
kept = [kit.outer(big, big) for _ in range(100)]
thread = threading.Thread(target=lambda: (elsewhere(), kept.clear()))
thread.start(), thread.join()
gc.collect()
sums.append(sum(kit.outer(big, big)[0, 0] for i in range(2000)))
print(json.dumps([faults, sums, kit.remember(0), refused]))
"""
    faults, sums, remembered, refused = in_python(str(kit.artifact.binding), script)
    assert faults[0] == ["DomainError", "DomainError with -3:\nnegative", 35]
    assert faults[1][:2] == ["Sour", "zero"]
    assert faults[2][:2] == ["BoundsError", "attempt to access a Array{Int64, 1} at index [7]"]
    assert sums == [2000.0] * 2
    assert "only the thread that opened this library" in refused[0]
    assert remembered == 50


@pytest.mark.julia112
def test_the_header_serves_a_c_program(kit: BuildResult, tmp_path: Path) -> None:
    (tmp_path / "use.c").write_text(
        '#include "kit.h"\n#include <stdio.h>\n'
        "int main(void) {\n    double a[4] = {1, 2, 3, 4}, sum = 0;\n    int64_t out = 0;\n"
        "    if (aot_trace(a, 2, 2, &sum)) return 1;\n"
        "    int64_t fault = aot_checked(-1, &out), words[5] = {0};\n    aot_fault(fault, words);\n"
        '    printf("%g %.*s %lld\\n", sum, (int)words[1], (const char *)words[0], (long long)words[4]);\n'
        "    aot_release(fault);\n    return 0;\n}\n"
    )
    library = Path(kit.artifact.path)
    header = str(Path(str(kit.artifact.header)).parent)
    command = ["cc", "-Wall", "-Werror", f"-I{header}", "-o", str(tmp_path / "use"), str(tmp_path / "use.c")]
    subprocess.run([*command, str(library), f"-Wl,-rpath,{library.parent}"], check=True, timeout=300)
    ran = subprocess.run([str(tmp_path / "use")], capture_output=True, text=True, timeout=300)
    assert ran.stdout == "5 DomainError 35\n", ran.stderr


@pytest.mark.julia112
@pytest.mark.juliacall
def test_two_bundles_beside_juliacall(juliac: Toolchain, juliacall_toolchain: Toolchain) -> None:
    """Two libraries with a Julia of their own each, in a process where juliacall's runs, too."""
    if not package_environment("JuliaC", installation(juliac)):
        pytest.skip("bundles need the package JuliaC")
    code = LIBRARY.read_text()
    kit = Recipe(name="kit", kind="lib", code=code, trim="safe", source_name="library.jl", bundle=True)
    bindings = [str(build(r, juliac).artifact.binding) for r in (kit, recipe(juliac, bundle=True))]
    script = """
import json, sys
from juliacall import Main as jl
import numpy as np
from jupyter_julia_aot.build.bindings.load import load_library
kit, scale = map(load_library, sys.argv[1:])
total = 0.0
for i in range(500):
    total += kit.half(2.0) + float(scale.scale(2, np.ones(1000)).sum()) + jl.seval("sum(ones(1000))")
    if i % 100 == 0:
        jl.seval("GC.gc()")
faults = []
for call in (lambda: kit.checked(-3), lambda: scale.scale(-1, np.ones(1)), lambda: jl.seval("error()")):
    try:
        call()
    except Exception as error:
        faults.append(type(error).__name__)
print(json.dumps([kit.route, scale.route, total, faults]))
"""
    ran = subprocess.run(
        [sys.executable, "-c", script, *bindings], capture_output=True, text=True, timeout=1000
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    routes = ["process", "process"]
    total = 500 * (1.0 + 2000.0 + 1000.0)
    assert json.loads(ran.stdout.splitlines()[-1]) == [*routes, total, ["JuliaError"] * 3]


@pytest.mark.julia112
def test_types_given_to_a_generic_function(juliac: Toolchain) -> None:
    built = build(
        Recipe(name="twice", kind="lib", code="twice(x) = 2x\n", types="Vector{Float32}", trim="safe"),
        juliac,
    )
    script = "import numpy as np, twice\nprint(json.dumps(twice.twice(np.ones(2, np.float32)).tolist()))"
    assert in_python(str(built.artifact.binding), script) == [2.0, 2.0]


def test_a_function_that_changes_its_arguments_is_proven_by_what_they_became(kit: BuildResult) -> None:
    from jupyter_julia_aot.pipeline.proving import prove

    tests = Oracle(source="v = [1.0, 2.0]\n@test double!(v) == [2.0, 4.0]\n@test v == [2.0, 4.0]\n")
    proof = prove(kit.artifact, "double!", "double!(v::Vector{Float64}) = (v .*= 2; v)", tests)
    assert (proof.checks, proof.calls, proof.equal) == ("passed", 1, True)
    three = Oracle(source="v = [1.0]\ndouble!(v)\n@test v == [3.0]\n")
    proof = prove(kit.artifact, "double!", "double!(v::Vector{Float64}) = (v .*= 3; v)", three)
    assert not proof.equal
    assert "argument 1 became array([3.]) with the JIT, argument 1 became array([2.])" in proof.differences[0]
