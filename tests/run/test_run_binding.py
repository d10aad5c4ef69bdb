"""Accepted code, called from Python."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from jupyter_julia_aot.errors import CapabilityError, JuliaError
from jupyter_julia_aot.records import Toolchain
from jupyter_julia_aot.run import bind, close_sessions

pytestmark = pytest.mark.julia


@pytest.fixture(scope="module", autouse=True)
def julia(toolchain: Toolchain) -> Iterator[None]:
    yield
    close_sessions()


def test_scalars_and_arrays() -> None:
    cube = bind("cube", "cube(x) = x^3")
    assert cube(3) == 27
    assert cube(1.5) == 3.375
    total = bind("total", "total(v) = sum(x -> x^2, v)")
    assert total(np.linspace(0, 1, 5)) == pytest.approx(np.sum(np.linspace(0, 1, 5) ** 2))
    doubled = bind("doubled", "doubled(v) = 2 .* v")(np.arange(4.0))
    assert isinstance(doubled, np.ndarray)
    assert doubled.tolist() == [0.0, 2.0, 4.0, 6.0]


def test_an_array_is_changed_in_place() -> None:
    values = np.zeros(3)
    bind("fill_up", "function fill_up(v)\n    v .= 7\n    return nothing\nend")(values)
    assert values.tolist() == [7.0, 7.0, 7.0]


def test_functions_do_not_share_helpers() -> None:
    first = bind("first_one", "helper() = 1\nfirst_one() = helper()")
    second = bind("second_one", "helper() = 2\nsecond_one() = helper()")
    assert (first(), second()) == (1, 2)


def test_julia_errors_carry_type_and_line() -> None:
    bad = bind("bad", "function bad(x)\n    y = x\n    return sqrt(-abs(y))\nend")
    with pytest.raises(JuliaError) as raised:
        bad(2.0)
    assert raised.value.julia_type == "DomainError"
    assert raised.value.line == 3


def test_it_works_again_after_its_julia_ended() -> None:
    leave = bind("leave", "leave(x) = x > 0 ? exit(3) : x")
    assert leave(-1) == -1
    with pytest.raises(JuliaError):
        leave(1)
    assert leave(-2) == -2


def test_a_route_that_does_not_exist() -> None:
    with pytest.raises(CapabilityError, match="no route"):
        bind("cube", "cube(x) = x^3", route="teleport")


def test_a_bound_function_says_what_it_is() -> None:
    cube = bind("cube", "cube(x) = x^3")
    assert cube.__name__ == "cube"
    assert "Julia function cube" in repr(cube)
