"""What cannot be built is refused at once, with what to do, and leaves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_julia_aot.build import build, list_builds
from jupyter_julia_aot.errors import BuildError, CapabilityError, SettingError
from jupyter_julia_aot.records import Recipe, Toolchain

pytestmark = pytest.mark.julia


def build_folders(cache: Path) -> set[str]:
    return {p.name for p in (cache / "builds").glob("*")} - {".locks", "depot"}


@pytest.mark.parametrize("name", ["", "../evil", "a/b", "-o", "a b", "x" * 101, "a\n"])
def test_a_name_that_is_no_file_name(name: str, any_julia: Toolchain) -> None:
    with pytest.raises(SettingError, match="no name for an artifact"):
        build(Recipe(name=name, code="f() = 1"), any_julia)


@pytest.mark.parametrize(
    ("recipe", "why"),
    [
        (Recipe(name="f", code="  \n"), "no code to build"),
        (Recipe(name="f", code="x = 1"), "defines no function to run"),
        (Recipe(name="f", code="f() = 1", entry="f; rm"), "no name of a Julia function"),
        (Recipe(name="f", code="using NoSuchPackageAtAll\nf() = 1"), "uses NoSuchPackageAtAll, which is not"),
        (Recipe(name="f", project="/nonexistent"), "is no Julia package"),
    ],
)
def test_a_source_without_a_program(
    recipe: Recipe, why: str, any_julia: Toolchain, builds_cache: Path
) -> None:
    before = build_folders(builds_cache)
    with pytest.raises(BuildError, match=why) as raised:
        build(recipe, any_julia)
    assert raised.value.stage == "project"
    assert raised.value.remedy
    assert build_folders(builds_cache) == before


def test_a_package_without_main(any_julia: Toolchain, builds_cache: Path, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "Project.toml").write_text('name = "P"\nuuid = "c0ffee00-1234-4321-8888-0123456789ab"\n')
    with pytest.raises(BuildError, match=r"has no src/P\.jl"):
        build(Recipe(name="p", project=str(tmp_path)), any_julia)
    (tmp_path / "src" / "P.jl").write_text("module P\n# @main\nend\n")
    with pytest.raises(BuildError, match="defines no `@main`"):
        build(Recipe(name="p", project=str(tmp_path)), any_julia)


def test_an_error_in_the_code_points_at_its_line(any_julia: Toolchain, builds_cache: Path) -> None:
    code = "f(x::Int) = x\n\nconst y = nope + 1\n"
    with pytest.raises(BuildError, match="nope") as raised:
        build(Recipe(name="f", code=code, source_name="cell 3"), any_julia)
    assert raised.value.stage == "compile"
    (found,) = raised.value.diagnostics
    assert (found.severity, found.file, found.line) == ("error", "cell 3", 3)
    assert "f" not in [r.artifact.name for r in list_builds()]


def test_a_function_that_no_command_line_can_call(any_julia: Toolchain, builds_cache: Path) -> None:
    with pytest.raises(BuildError, match="takes only numbers, strings and vectors"):
        build(Recipe(name="f", code="f(x::Dict) = 1"), any_julia)


def test_a_backend_this_julia_lacks(any_julia: Toolchain, builds_cache: Path) -> None:
    if any_julia.version_tuple >= (1, 12, 0):
        pytest.skip("this Julia has them all")
    for recipe in (
        Recipe(name="f", code="f() = 1", backend="juliac"),
        Recipe(name="f", code="f() = 1", trim="safe"),
    ):
        with pytest.raises(CapabilityError, match="needs Julia ≥ 1") as raised:
            build(recipe, any_julia)
        assert raised.value.remedy


def test_a_read_only_cache(any_julia: Toolchain, monkeypatch: pytest.MonkeyPatch) -> None:
    # Nobody may make a directory there, root neither.
    monkeypatch.setenv("JULIA_AOT_CACHE_DIR", "/proc/self/cache")
    with pytest.raises(BuildError, match="cannot be written"):
        build(Recipe(name="f", code="f() = 1"), any_julia)


def test_a_cache_that_is_a_file(
    any_julia: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("JULIA_AOT_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(BuildError, match="cannot be written") as raised:
        build(Recipe(name="f", code="f() = 1"), any_julia)
    assert "JULIA_AOT_CACHE_DIR" in raised.value.remedy
