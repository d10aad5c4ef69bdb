"""The options of a build: processors, JuliaC's own, what a cell is taken for."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from jupyter_julia_aot.build import build, source
from jupyter_julia_aot.build.targets import cpu_target
from jupyter_julia_aot.errors import BuildError, CapabilityError, SettingError
from jupyter_julia_aot.pipeline.build_options import add_build_options, out_folder, recipes
from jupyter_julia_aot.records import Recipe, Toolchain


def wanted(*words: str) -> tuple[argparse.Namespace, tuple[Recipe, ...]]:
    parser = argparse.ArgumentParser()
    add_build_options(parser)
    args = parser.parse_args(words)
    return args, recipes(args, name="f", kind="exe", code="f() = 1", project=None, source_name="cell")


@pytest.mark.parametrize(
    ("version", "machine", "system", "target"),
    [
        ("1.12.5", "x86_64", "Linux", "generic;sandybridge,-xsaveopt,clone_all;haswell,-rdrnd,base(1)"
         ";x86-64-v4,-rdrnd,base(1)"),
        ("1.5.3", "AMD64", "Windows", "generic;sandybridge,-xsaveopt,clone_all;haswell,-rdrnd,base(1)"),
        ("1.12.5", "arm64", "Darwin", "generic;apple-m1,clone_all"),
        ("1.6.7", "aarch64", "Linux", "generic;cortex-a57;thunderx2t99;carmel,clone_all"),
    ],
)  # fmt: skip
def test_portable_is_what_official_builds_are(version: str, machine: str, system: str, target: str) -> None:
    assert cpu_target("portable", version, machine, system) == target


def test_a_processor_by_name() -> None:
    assert cpu_target(None, "1.12.5") is None
    assert cpu_target("native", "1.12.5") == "native"
    assert cpu_target("haswell,-rdrnd;generic,base(0)", "1.12.5") == "haswell,-rdrnd;generic,base(0)"
    with pytest.raises(SettingError, match="no official Julia builds for riscv64"):
        cpu_target("portable", "1.12.5", "riscv64")
    for wrong in ("", "-x y", "a;;b", "$(x)"):
        with pytest.raises(SettingError, match="is no processor"):
            cpu_target(wrong, "1.12.5")


def test_several_processors_are_several_recipes_with_a_folder_each() -> None:
    args, made = wanted("--target", "native", "--cpu-target", "portable", "--target", "native", "--out", "o")
    assert [r.cpu_target for r in made] == ["native", "portable"]
    assert [out_folder(args, r) for r in made] == [Path("o/native"), Path("o/portable")]
    args, (alone,) = wanted("--target", "haswell;x", "--out", "o")
    assert out_folder(args, alone) == Path("o")
    assert out_folder(wanted()[0], alone) is None


def test_every_option_of_juliac_is_reached() -> None:
    _, (made,) = wanted(
        "--trim", "unsafe-warn", "--compile-ccallable", "--privatize", "--export-abi", "--lazy-artifacts",
        "--c-source", "a.c", "--c-source", "b.c", "--cflag=-O3", "--extra-object", "x.o", "--ld-flag=-lm",
        "--jl-option", "threads=2", "--julia-arg=-O1",
    )  # fmt: skip
    assert (made.trim, made.ccallables, made.privatize, made.export_abi) == ("unsafe-warn", True, True, True)
    assert made.lazy_artifacts
    assert (made.c_sources, made.cflags, made.extra_objects) == (("a.c", "b.c"), ("-O3",), ("x.o",))
    assert (made.ld_flags, made.jl_options, made.julia_args) == (("-lm",), ("threads=2",), ("-O1",))
    assert wanted()[1][0].trim == "auto"
    with pytest.raises(SettingError, match="has no value"):
        wanted("--jl-option", "threads")
    with pytest.raises(SettingError, match="a tab or a new line"):
        wanted("--cflag=-DX\ttrim\tno")


@pytest.mark.julia
def test_a_way_that_lacks_an_option_says_so(any_julia: Toolchain) -> None:
    if any_julia.version_tuple >= (1, 12, 0):
        pytest.skip("this Julia's JuliaC has them all")
    with pytest.raises(CapabilityError, match="sysimage: it has no option for ld_flags"):
        build(Recipe(name="f", code="f() = 1", ld_flags=("-lm",)), any_julia)


@pytest.mark.julia
def test_an_extra_file_that_is_not_there(any_julia: Toolchain, builds_cache: Path) -> None:
    if "juliac" not in any_julia.capabilities:
        pytest.skip("only JuliaC takes C files")
    with pytest.raises((BuildError, CapabilityError), match=r"none\.c|no option"):
        build(Recipe(name="f", code="f() = 1", c_sources=("/nowhere/none.c",)), any_julia)


@pytest.mark.parametrize(
    ("code", "does"),
    [
        ("f(x) = 1\n", False),
        ("x = 1\nconst y = 2\nz::Int = 3\n", False),
        ("function f(x)\n    println(x)\nend\n", False),
        ("using Printf\nstruct A end\n# f(1)\n", False),
        ("f(x) = 1\nf(2)\n", True),
        ("for i in 1:3\n    print(i)\nend\n", True),
        ("x = 1\nprintln(x)\n", True),
        ("x == 1 || error()\n", True),
        ('"""\nf(x)\n"""\nf(x) = 1\n', False),
    ],
)
def test_what_a_cell_does_itself(code: str, does: bool) -> None:
    assert source.has_statements(code) is does


@pytest.mark.julia
def test_an_entry_that_is_not_there_is_explained(any_julia: Toolchain, builds_cache: Path) -> None:
    with pytest.raises(BuildError, match="defines no function nope") as raised:
        build(Recipe(name="f", code="f() = 1\ng() = 2", entry="nope"), any_julia)
    assert "f, g" in raised.value.remedy
