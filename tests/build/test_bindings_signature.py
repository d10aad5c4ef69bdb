"""Descriptions of functions become C parameters, Julia, headers and Python types; no Julia is needed."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from jupyter_julia_aot.build.bindings.extension import Extension
from jupyter_julia_aot.build.bindings.header import abi, c_type, header
from jupyter_julia_aot.build.bindings.library import package_name
from jupyter_julia_aot.build.bindings.package import Package
from jupyter_julia_aot.build.bindings.shim import shim
from jupyter_julia_aot.build.bindings.signature import (
    Ccallable,
    Description,
    python_identifier,
    read_description,
)
from jupyter_julia_aot.build.project import JULIA_FILES

FLOAT = {"kind": "scalar", "julia": "Float64"}
POINT = {
    "kind": "struct",
    "julia": "Point",
    "name": "Point",
    "names": ["x", "y"],
    "items": [FLOAT, FLOAT],
}
VECTOR = {"kind": "array", "julia": "Vector{Float64}", "items": [FLOAT], "ndim": 1, "itemsize": 8}
POINTS = {
    "kind": "array",
    "julia": "Vector{Point}",
    "items": [POINT],
    "ndim": 1,
    "itemsize": 16,
    "offsets": [0, 8],
}


def described(**functions: list[dict[str, object]]) -> Description:
    return read_description(
        {
            "functions": [{"name": n, "methods": m, "refused": []} for n, m in functions.items()],
            "missing": [],
            "ccallables": [],
            "exceptions": [{"name": "Sour", "field": "msg"}],
            "constants": ["seen"],
            "command_line": False,
        }
    )


def method(returns: object, **arguments: object) -> dict[str, object]:
    return {"arguments": [{"name": n, "type": t} for n, t in arguments.items()], "returns": returns}


KIT = described(
    scale=[method(VECTOR, factor=FLOAT, values=VECTOR)],
    mid=[method(POINT, p=POINT, q=POINT)],
    shift=[method(POINTS, points=POINTS)],
    maybe=[
        method({"kind": "optional", "julia": "Union{Nothing,Float64}", "items": [FLOAT]}, x=FLOAT),
        method(FLOAT, x={"kind": "scalar", "julia": "Int64"}),
    ],
)


def test_arguments_are_flat_in_c() -> None:
    entries = {e.symbol: e for e in abi(KIT)}
    assert entries["aot_scale"].c == (
        "int64_t aot_scale(double factor, double *values, int64_t values_dim1, aot_array *result)"
    )
    assert entries["aot_scale"].julia == ("scale(factor::Float64, values::Vector{Float64})::Vector{Float64}")
    assert entries["aot_mid"].c == (
        "int64_t aot_mid(double p_x, double p_y, double q_x, double q_y, double *result_x, double *result_y)"
    )


def test_what_takes_less_is_tried_first() -> None:
    """3 also fits Float64, so the method for integers comes before it."""
    (maybe,) = (f for f in KIT.functions if f.name == "maybe")
    assert [m.arguments[0].type.julia for m in maybe.methods] == ["Int64", "Float64"]


def test_the_header_is_c(tmp_path: Path) -> None:
    text = header("kit", KIT, backend="juliac", julia="1.12.5", start=True)
    (tmp_path / "kit.h").write_text(text)
    (tmp_path / "use.c").write_text(
        '#include "kit.h"\nint main(void) { return sizeof(aot_array) == 80 ? 0 : 1; }\n'
    )
    program = tmp_path / "use"
    command = ["cc", "-Wall", "-Wextra", "-Werror", "-std=c99", "-o", str(program), str(tmp_path / "use.c")]
    subprocess.run(command, check=True, timeout=300)
    assert subprocess.run([str(program)], timeout=300).returncode == 0


def test_the_extension_compiles_without_the_headers_of_python(tmp_path: Path) -> None:
    source = tmp_path / "kit.c"
    source.write_text(Extension(KIT).text)
    command = ["cc", "-c", "-fPIC", "-Wall", "-Wextra", "-Wno-unused-function", "-Werror", f"-I{JULIA_FILES}"]
    subprocess.run([*command, "-o", str(tmp_path / "kit.o"), str(source)], check=True, timeout=300)
    assert "Python.h" not in source.read_text()


def test_the_declared_abi_is_the_one_of_this_python(tmp_path: Path) -> None:
    """Where Python's headers are, our declarations of its stable ABI are checked against them."""
    import sysconfig

    include = sysconfig.get_paths()["include"]
    if not (Path(include) / "Python.h").is_file():
        pytest.skip("Python's own headers are not installed here")
    names = [
        m[1] for m in re.finditer(r"^#define (\w+) \(?\d", (JULIA_FILES / "python_abi.h").read_text(), re.M)
    ]
    ours = tmp_path / "ours.c"
    theirs = tmp_path / "theirs.c"
    names = [n for n in names if not n.startswith("JULIA")]
    body = "".join(f'    printf("{n} %lx\\n", (unsigned long)({n}));\n' for n in names)
    sizes = "".join(
        f'    printf("{n} %zu\\n", sizeof({n}));\n'
        for n in ("Py_buffer", "PyMethodDef", "PyModuleDef", "PyType_Spec", "PyType_Slot", "PyObject")
    )
    main = f"int main(void) {{\n{body}{sizes}    return 0;\n}}\n"
    ours.write_text(f'#include <stdio.h>\n#include "python_abi.h"\n{main}')
    theirs.write_text(f"#define Py_LIMITED_API 0x030B0000\n#include <Python.h>\n#include <stdio.h>\n{main}")
    outputs = []
    for source, folder in ((ours, str(JULIA_FILES)), (theirs, include)):
        program = source.with_suffix("")
        command = ["cc", f"-I{folder}", "-o", str(program), str(source)]
        subprocess.run(command, check=True, timeout=300)
        outputs.append(subprocess.run([str(program)], capture_output=True, text=True, timeout=300).stdout)
    assert len(outputs[0].splitlines()) > 12
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        pytest.skip("a Python without a GIL has another layout, and no stable ABI yet")
    assert outputs[0] == outputs[1]


def test_julia_takes_what_c_gives() -> None:
    text = shim(KIT, ["src/cell.jl"], trimmed=True)
    assert "Base.@ccallable function aot_scale(a0::Float64, a1::Ptr{Float64}, a1_dim1::Int64, " in text
    assert "scale(a0, unsafe_wrap(Array, a1, (a1_dim1, )))" in text
    assert "mid(Point(a0_x, a0_y), Point(a1_x, a1_y))" in text
    assert "fault isa Sour && return fault.msg" in text
    assert "julia_aot_root(seen)" in text


def test_python_types() -> None:
    package = Package("kit", KIT, Extension(KIT))
    stub = package.stub()
    assert "def scale(factor: float, values: numpy.typing.NDArray[numpy.float64], /) -> " in stub
    assert stub.count("@typing.overload") == 2
    assert "def maybe(x: float, /) -> float | None: ..." in stub
    compile(stub, "kit.pyi", "exec")
    compile(package.types(), "_types.py", "exec")
    compile(package.source("../../kit.so", global_symbols=False, alone=True), "__init__.py", "exec")
    compile(package.test("kit"), "test_kit.py", "exec")


def test_a_type_checker_reads_the_stub(tmp_path: Path) -> None:
    import sys

    package = Package("kit", KIT, Extension(KIT))
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "__init__.pyi").write_text(package.stub())
    (tmp_path / "use.py").write_text(
        "import kit\n\nkit.mid(kit.Point(1.0, 2.0), kit.Point(1.0, 2.0)).x.hex()\n"
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "use.py"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=1000)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("name", "python"),
    [("f!", "f_b"), ("class", "class_"), ("μ", "u3bc"), ("f′", "f_p"), ("2x", "2x_"), ("plain", "plain")],
)
def test_names(name: str, python: str) -> None:
    assert python_identifier(name) == python


@pytest.mark.parametrize(
    ("name", "package"), [("libkit", "kit"), ("kit-2.x", "kit_2_x"), ("3d", "_3d"), ("lib", "lib")]
)
def test_package_names(name: str, package: str) -> None:
    assert package_name(name) == package


def test_functions_that_the_user_exports() -> None:
    own = Ccallable("twice", (("x", "Float64"), ("out", "Ptr{Int32}")), "Nothing")
    (entry,) = abi(Description(ccallables=(own,)))
    assert entry.c == "void twice(double x, int32_t *out)"
    assert c_type("Ptr{Ptr{UInt8}}") == "uint8_t **"
    assert c_type("Ref{SomeStruct}") == "void **"


def test_names_of_users_are_quoted() -> None:
    """A Julia name is any text; it must stay one name in C, Julia and Python."""
    odd = described(**{'a"; evil(); "$(x)': [method(FLOAT, **{'x"y': FLOAT})]})
    extension = Extension(odd)
    assert "evil()" not in re.sub(r'"(?:[^"\\]|\\.)*"', "", extension.text)
    text = shim(odd, ["src/cell.jl"], trimmed=False)
    assert 'var"a\\"; evil(); \\"\\$(x)"' in text
    compile(Package("odd", odd, extension).stub(), "odd.pyi", "exec")
    json.dumps([e.c for e in abi(odd)])
