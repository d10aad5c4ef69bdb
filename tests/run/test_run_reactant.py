"""Reactant's route, against a stand-in with Reactant's own names and keyword arguments."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jupyter_julia_aot.errors import DeviceError, JuliaError, SettingError
from jupyter_julia_aot.records import Toolchain
from jupyter_julia_aot.run.reactant import close_hosts, reactant_function
from jupyter_julia_aot.run.reactant.export import write_program
from jupyter_julia_aot.run.reactant.function import CpuInsteadWarning
from jupyter_julia_aot.run.reactant.hlo import Hlo, count_operations, highlighted

STANDIN = Path(__file__).parent / "standin"
WAVE = '"A wave."\nwave(x, s) = s .* sin.(x)'


@pytest.fixture(scope="module")
def standin(toolchain: Toolchain) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JULIA_AOT_REACTANT_PROJECT", str(STANDIN))
        patch.setenv("JULIA_AOT_AMDGPU_PROJECT", str(STANDIN))
        yield
        close_hosts()


@pytest.mark.julia
@pytest.mark.usefixtures("standin")
class TestCalls:
    def test_it_is_compiled_once_for_shapes_and_types(self) -> None:
        wave = reactant_function("wave", WAVE, "cpu")
        x = np.linspace(0, 1, 6)
        assert np.allclose(wave(x, 2.0), 2 * np.sin(x))
        first = wave.last
        assert first is not None
        assert (first.compiled, first.equal, first.platform) == (True, True, "cpu")
        assert first.tolerance == pytest.approx(1.49e-8, rel=0.01)
        assert first.peak_bytes is None, "the CPU keeps no count"
        wave(x + 1, 3.0)
        assert wave.last is not None
        assert not wave.last.compiled
        wave(x.reshape(2, 3), 2.0)
        assert wave.last.compiled, "another shape"
        wave(x.astype(np.float32), 2.0)
        assert wave.last.compiled, "another element type"
        assert wave.__doc__ == "A wave."

    def test_numbers_are_tracked_not_frozen(self) -> None:
        wave = reactant_function("wave", WAVE, "cpu")
        x = np.ones(3)
        assert np.allclose(wave(x, 5.0), 5 * np.sin(1))
        assert np.allclose(wave(x, -7.0), -7 * np.sin(1))

    def test_other_code_is_another_function(self) -> None:
        again = reactant_function("wave", WAVE, "cpu")
        assert reactant_function("wave", WAVE, "cpu") is again
        other = reactant_function("wave", "wave(x, s) = s .* cos.(x)", "cpu")
        assert np.allclose(other(np.zeros(3), 2.0), 2.0)
        assert other.last is not None
        assert other.last.compiled

    def test_a_number_as_result_and_several_results(self) -> None:
        assert reactant_function("sumsq", "sumsq(x) = sum(abs2, x)", "cpu")(np.arange(4.0)) == 14.0
        both = reactant_function("both", "both(x) = (x .+ 1, sum(x))", "cpu")(np.arange(3.0))
        assert both[0].tolist() == [1.0, 2.0, 3.0]
        assert both[1] == 3.0

    def test_a_result_that_differs_is_refused(self) -> None:
        # Each call gives another result, as a function would whose branch was fixed when it was traced.
        code = "const SEEN = Ref(0)\ndrift(x) = (SEEN[] += 1; x .* SEEN[])"
        with pytest.raises(DeviceError, match=r"relative error 0\.5, more than 1\.49e-08"):
            reactant_function("drift", code, "cpu")(np.ones(4))

    def test_what_it_does_not_take(self) -> None:
        wave = reactant_function("wave", WAVE, "cpu")
        with pytest.raises(SettingError, match="keyword"):
            wave(np.ones(2), s=1.0)
        with pytest.raises(SettingError, match="no backend"):
            reactant_function("wave", WAVE, "abacus")
        with pytest.raises(JuliaError, match="no argument is a Reactant array"):
            reactant_function("none", "none(s) = 1", "cpu")("text")

    def test_an_error_in_the_code_has_its_line(self) -> None:
        with pytest.raises(JuliaError) as raised:
            reactant_function("fails", "function fails(x)\n    return undefined_thing(x)\nend", "cpu")(
                np.ones(2)
            )
        assert (raised.value.julia_type, raised.value.line) == ("UndefVarError", 2)
        assert not [f for f in raised.value.backtrace if "/run/reactant/" in f]

    def test_an_argument_is_changed_in_place(self) -> None:
        code = "function scale!(x, s)\n    x .*= s\n    return nothing\nend"
        scale = reactant_function("scale!", code, "cpu")
        for made in (np.ones(3), np.asfortranarray(np.ones((2, 3))), np.ones((2, 3))):
            assert scale(made, 2.0) is None
            assert np.all(made == 2.0)
            scale(made, 3.0)
            assert np.all(made == 6.0), "a call that needs no comparison"
        # By its name only Julia programmers know.
        quiet = reactant_function("quiet", "quiet(x) = (x .+= 1; sum(x))", "cpu")
        x = np.zeros(3)
        assert (quiet(x), x.tolist()) == (3.0, [1.0] * 3)

    def test_a_result_that_wraps_an_array(self) -> None:
        turned = reactant_function("turned", "turned(x) = (x', 1:2)", "cpu")
        x = np.arange(6.0).reshape(2, 3)
        value, numbers = turned(x)
        assert np.array_equal(value, x.T)
        assert list(numbers) == [1, 2]
        with pytest.raises(JuliaError, match="whole arrays"):
            turned.export("unused", x)

    def test_a_device_that_is_not_there_is_the_cpu_with_a_reason(self) -> None:
        with pytest.warns(CpuInsteadWarning, match="rocm cannot be used, so the CPU is: backend: .*KeyError"):
            wave = reactant_function("wave", WAVE, "rocm")
        assert wave.backend == "cpu"
        with pytest.warns(CpuInsteadWarning, match="No GPU client found"):
            reactant_function("wave", WAVE, "gpu")

    def test_stablehlo_and_export(self, tmp_path: Path) -> None:
        wave = reactant_function("wave", WAVE, "cpu")
        shown = wave.hlo(np.ones((2, 3)), 1.0)
        assert shown.counts()["stablehlo.add"] == (2, 1)
        assert "tensor<3x2xf64>" in shown.after, "reversed"
        written = wave.export(tmp_path, np.ones((2, 3)), 1.0)
        assert written.program.name == "wave.mlir"
        assert "@main" in written.program.read_text()
        assert "INPUTS = [((2, 3), 'float64'), ((), 'float64')]" in written.module.read_text()

    def test_the_exported_program_runs_with_jax(self, tmp_path: Path) -> None:
        _jax()
        code = "twice(x, flag, s) = flag ? x .+ x : x"
        twice = reactant_function("twice", code, "cpu")
        x = np.arange(6.0).reshape(2, 3)
        assert np.array_equal(twice(x, True, 1.0), 2 * x)
        run = _module(twice.export(tmp_path, x, True, 1.0).module).run
        result = run(x, True, 1.0)
        assert np.array_equal(result, 2 * x), "without the arguments that the program gives, too"
        assert np.array_equal(x, np.arange(6.0).reshape(2, 3))
        with pytest.raises(ValueError, match="argument 2 is True in this program"):
            run(x, False, 1.0)
        with pytest.raises(DeviceError, match="returns nothing"):
            reactant_function("none!", "none!(x) = (x .= 0; nothing)", "cpu").export(tmp_path, x)


HLO = """module @m attributes {mhlo.num_partitions = 1 : i64} {
  func.func @main(%arg0: tensor<3x2xf64>) -> (tensor<f64> {mhlo.x = "stablehlo.no"}) {
    %cst = stablehlo.constant dense<0.000000e+00> : tensor<f64>
    %0, %1 = "stablehlo.custom_call"(%arg0) : (tensor<3x2xf64>) -> (tensor<f64>, tensor<f64>) // <script>
    %2 = stablehlo.add %0, %1 : tensor<f64>
    return %2 : tensor<f64>
  }
}"""


def test_operations_are_counted_and_text_is_escaped() -> None:
    assert count_operations(HLO) == {
        "func.func": 1,
        "stablehlo.add": 1,
        "stablehlo.constant": 1,
        "stablehlo.custom_call": 1,
    }
    page = Hlo("m", HLO, HLO)._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    plain = highlighted(HLO)
    assert '<span class="o">stablehlo.add</span>' in plain
    assert '<span class="v">%arg0</span>' in plain


PRODUCT = """
module @product {
  func.func @main(%a: tensor<3x2xf64>, %b: tensor<4x3xf64>, %s: tensor<f64>)
      -> (tensor<4x2xf64>, tensor<f64>) {
    %0 = stablehlo.dot_general %b, %a, contracting_dims = [1] x [0]
      : (tensor<4x3xf64>, tensor<3x2xf64>) -> tensor<4x2xf64>
    %1 = stablehlo.broadcast_in_dim %s, dims = [] : (tensor<f64>) -> tensor<4x2xf64>
    %2 = stablehlo.add %0, %1 : tensor<4x2xf64>
    return %2, %s : tensor<4x2xf64>, tensor<f64>
  }
}
"""


def test_an_exported_program_runs_with_jax_alone(tmp_path: Path) -> None:
    _jax()
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    written = write_program("product!", PRODUCT, tmp_path, (a, b, 0.5), results=2)
    assert written.module.name == "product_b.py"
    run = _module(written.module).run
    result, number = run(a, b, 0.5)
    assert np.array_equal(result, a @ b + 0.5)
    assert number == 0.5
    assert np.array_equal(run(a + 1, b, 2)[0], (a + 1) @ b + 2)
    with pytest.raises(ValueError, match="shape"):
        run(b, a, 0.5)
    with pytest.raises(TypeError, match="3 arguments"):
        run(a)


def _jax() -> None:
    pytest.importorskip("jax", reason="jax is not installed (pip install 'jupyter_julia_aot[xla]')")


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode = True
    spec.loader.exec_module(module)
    return module


def test_what_is_no_program_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="no StableHLO"):
        write_program("f", "nonsense", tmp_path, (1.0,), results=1)
    with pytest.raises(DeviceError, match="argument 1 is a str"):
        write_program("f", PRODUCT, tmp_path, ("text",), results=2)
    assert not list(tmp_path.iterdir())
