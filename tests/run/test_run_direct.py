"""The short way from Python to Julia in this process gives what the general one gives."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from jupyter_julia_aot.errors import JuliaError
from jupyter_julia_aot.records import Toolchain
from jupyter_julia_aot.run import JuliaFunction, bind

pytestmark = [pytest.mark.julia, pytest.mark.juliacall]


@pytest.fixture(scope="module")
def kind(juliacall_toolchain: Toolchain) -> JuliaFunction:
    return bind("kind", "kind(xs...) = join(map(x -> string(typeof(x)), xs), ' ')", route="juliacall")


@pytest.fixture(scope="module")
def seven(juliacall_toolchain: Toolchain) -> JuliaFunction:
    code = "function seven!(x, rest...)\n    x .= 7\n    return x\nend"
    return bind("seven!", code, route="juliacall")


@pytest.mark.parametrize(
    ("value", "julia"),
    [
        (3, "Int64"),
        (-1, "Int64"),
        (2**63 - 1, "Int64"),
        (2**63, "BigInt"),
        (-(2**200), "BigInt"),
        (1.5, "Float64"),
        (True, "Bool"),
        (None, "Nothing"),
        ("hé", "String"),
        (1 + 2j, "ComplexF64"),
        ([1, 2], "Vector{Int64}"),
        (np.zeros(2, "f4"), "Vector{Float32}"),
        (np.zeros((2, 3), "i1"), "Matrix{Int8}"),
        (np.zeros((2, 3, 4), order="F"), "Array{Float64, 3}"),
        (np.zeros((2, 3, 4)), "Array{Float64, 3}"),
        (np.array(1.0), "Array{Float64, 0}"),
        (np.zeros(0), "Vector{Float64}"),
        (np.zeros((0, 3)), "Matrix{Float64}"),
        (np.zeros(3, "?"), "Vector{Bool}"),
        (np.zeros(3, "c8"), "Vector{ComplexF32}"),
        (np.zeros(3, ">f8"), "Vector{Float64}"),
        (np.zeros(8)[::2], "Vector{Float64}"),
    ],
)
def test_values_arrive_as_by_the_general_way(kind: JuliaFunction, value: Any, julia: str) -> None:
    assert kind(value) == julia
    assert kind._general((value,), {}) == julia
    assert kind(value, 1, value) == f"{julia} Int64 {julia}"


def test_many_arguments_and_none(kind: JuliaFunction) -> None:
    assert kind() == ""
    assert kind(1, 2.0) == "Int64 Float64"
    assert kind(*range(7)) == " ".join(["Int64"] * 7)


@pytest.mark.parametrize("more", [(), (1,), (1, "two")])
@pytest.mark.parametrize(
    "array",
    [np.zeros(4), np.zeros((2, 3)), np.zeros((2, 3), order="F"), np.zeros((2, 3, 4)), np.zeros(8)[::2]],
    ids=["vector", "C order", "Fortran order", "three dimensions", "every second"],
)
def test_arrays_are_changed_where_they_are(
    seven: JuliaFunction, array: np.ndarray[Any, Any], more: tuple[Any, ...]
) -> None:
    array[...] = 0
    assert seven(array, *more) is array, "an argument that comes back is the argument itself"
    assert np.all(array == 7)


def test_a_read_only_array_is_copied(seven: JuliaFunction) -> None:
    array = np.zeros(3)
    array.flags.writeable = False
    assert np.asarray(seven(array)).tolist() in ([7.0] * 3, [0.0] * 3)
    assert array.tolist() == [0.0] * 3


def test_an_array_lives_as_long_as_julia_has_it(juliacall_toolchain: Toolchain) -> None:
    code = (
        "const KEPT = Any[]\nkeep(x::Array) = (push!(KEPT, x); length(KEPT))\n"
        "keep() = (GC.gc(); all(i -> all(==(i), KEPT[i]), 1:length(KEPT)))"
    )
    keep = bind("keep", code, route="juliacall")
    for n in range(1, 21):
        assert keep(np.full(10_000, float(n))) == n
    assert keep() is True


def test_errors_belong_to_the_thread_that_made_them(juliacall_toolchain: Toolchain) -> None:
    fails = bind("fails", 'fails(n) = error("number ", n)', route="juliacall")
    wrong: list[str] = []

    def work(n: int) -> None:
        for _ in range(200):
            try:
                fails(n)
            except JuliaError as error:
                if error.message != f"number {n}":
                    wrong.append(error.message)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_julia_that_lets_python_run_is_not_entered_by_another_thread(juliacall_toolchain: Toolchain) -> None:
    code = 'import PythonCall\nnap(s) = (PythonCall.pyimport("time").sleep(s); 1)\n'
    nap = bind("nap", code, route="juliacall")
    inside = bind("inside", "inside() = Main.JuliaAotInProcess.Direct.OWNER[]", route="juliacall")
    sleeping = threading.Thread(target=nap, args=(0.5,))
    sleeping.start()
    # Either it has not begun or it is over when another call is in Julia: never both at once.
    owners = {inside() for _ in range(50)}
    sleeping.join()
    assert owners <= {threading.get_ident()}
