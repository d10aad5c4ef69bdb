"""What is read from Julia source without Julia: entries, functions, packages, the old `@main`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_julia_aot.build import source

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
