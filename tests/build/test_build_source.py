"""What is read from Julia source without Julia: entries, functions, packages, the old `@main`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_julia_aot.build import source
from jupyter_julia_aot.build.package_files import (
    environment_hash,
    included_files,
    package_files,
    package_hash,
    with_absolute_paths,
)
from jupyter_julia_aot.errors import BuildError

CODE = '''
using LinearAlgebra, Statistics: mean
import Dates.Time
import Base: show   # not a package
# function commented(x) = 1
"""
function documented(x)
@main
"""
function f(x::Int)::Int
    inner(y) = y
    x + 1
end
g(x) = x == 1 ? "function s(x)" : 'c'
h{T}(x) = 1
const notafunction = 3
a == b
function later!(v) end
'''


def test_functions_at_the_margin_in_order() -> None:
    assert source.top_level_functions(CODE) == ("f", "g", "later!")


def test_packages_used() -> None:
    assert source.used_packages(CODE) == ("LinearAlgebra", "Statistics", "Dates")


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("function (@main)(args)\nend", True),
        ("function @main(ARGS)\nend", True),
        ("# @main", False),
        ('s = "@main"', False),
        ("#= @main =#", False),
        ("@mainly(1)", False),
    ],
)
def test_the_program_entry(code: str, found: bool) -> None:
    assert source.has_main(code) is found


def test_main_for_older_julia_keeps_the_lines() -> None:
    code = 'x = "(@main)"\nfunction (\n@main\n)(args)\n  1\nend\nfunction @main(a, b) 2 end # @main\n'
    old = source.without_main_macro(code)
    assert old == 'x = "(@main)"\nfunction main\n\n(args)\n  1\nend\nfunction main(a, b) 2 end # @main\n'
    assert old.count("\n") == code.count("\n")


@given(st.text(alphabet="ab@main()#=\"'\\\n `", max_size=60))
def test_any_text_is_read(code: str) -> None:
    assert len(source.masked(code)) == len(code)
    assert source.masked(code).count("\n") == code.count("\n")
    assert source.without_main_macro(code).count("\n") == code.count("\n")
    source.top_level_functions(code)
    source.used_packages(code)


def package(folder: Path, name: str, needs: str = "") -> Path:
    """A package directory; ``needs`` is a relative path of another one that its manifest names."""
    (folder / "src").mkdir(parents=True)
    (folder / "Project.toml").write_text(f'name = "{name}"\n')
    (folder / "src" / f"{name}.jl").write_text(f"module {name} end\n")
    if needs:
        (folder / "Manifest.toml").write_text(f'[[deps.Other]]\npath = "{needs}"\n')
    return folder


def test_a_package_is_its_sources(tmp_path: Path) -> None:
    folder = package(tmp_path / "p", "P")
    before = package_hash(folder)
    for left_out in ("build/bin/p", ".git/config", "src/.hidden/x", "src/__pycache__/x", "dist/p"):
        (folder / left_out).parent.mkdir(parents=True, exist_ok=True)
        (folder / left_out).write_text("x")
    (folder / "src" / "passwords").symlink_to("/etc/passwd")
    assert [str(f.relative_to(folder)) for f in package_files(folder)] == ["Project.toml", "src/P.jl"]
    assert package_hash(folder) == before, "what a build leaves there does not make another package of it"
    (folder / "src" / "build").mkdir()
    (folder / "src" / "build" / "part.jl").write_text("1")
    assert package_hash(folder) != before


def test_packages_named_by_path_belong_to_it(tmp_path: Path) -> None:
    other = package(tmp_path / "other", "Other", needs="../p")  # a circle
    folder = package(tmp_path / "p", "P", needs="../other")
    before, environment = package_hash(folder), environment_hash(folder / "Manifest.toml")
    (other / "src" / "Other.jl").write_text("module Other; const x = 1; end\n")
    assert package_hash(folder) != before
    assert environment_hash(folder / "Manifest.toml") != environment
    text = '[sources]\nOther = {path = "../other"}\nInner = {path = "lib/Inner"}\n[[deps.A]]\npath = "/x/A"\n'
    assert with_absolute_paths(text, folder) == text.replace("../other", str(other))


def test_included_files_come_along(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "a.jl").write_text('include("b.jl")\ninclude("a.jl")\n')
    (tmp_path / "parts" / "b.jl").write_text("b() = 2\n")
    code = 'include("parts/a.jl")\n# include("parts/no.jl")\ninclude("none.jl"); s = "include(\\"x.jl\\")"\n'
    assert sorted(included_files(code, tmp_path)) == ["parts/a.jl", "parts/b.jl"]
    (tmp_path / "outside.jl").write_text("")
    with pytest.raises(BuildError, match=r'include\("\.\./outside\.jl"\) reaches outside') as raised:
        included_files('include("../outside.jl")', tmp_path / "parts")
    assert "make it a package" in raised.value.remedy
