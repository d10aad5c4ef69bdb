"""Values: encode and decode are inverse, in Python and through Julia; wrong bytes do no more than raise."""

from __future__ import annotations

import contextlib
import datetime
import struct
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_julia_aot.records import Toolchain
from jupyter_julia_aot.trial import Session
from jupyter_julia_aot.trial.julia_types import (
    BigFloat,
    BigInt,
    BitArray,
    Char,
    Complex,
    Int128,
    NamedTuple,
    ObjectArray,
    Pair,
    Range,
    Rational,
    Symbol,
    TypedDict,
    TypedList,
    TypedSet,
    UInt128,
    missing,
    type_text,
)
from jupyter_julia_aot.trial.values import MalformedValueError, NotCarriedError, decode, encode

INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMPY_CODES = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"]


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    dtype = np.dtype(draw(st.sampled_from(NUMPY_CODES)))
    shape = tuple(draw(st.lists(st.integers(0, 4), max_size=3)))
    count = int(np.prod(shape))
    if dtype == np.bool_:
        flat = np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count)), dtype)
    else:
        size = count * dtype.itemsize
        flat = np.frombuffer(draw(st.binary(min_size=size, max_size=size)), dtype)
    return flat.reshape(shape, order="F").copy(order="F")


@st.composite
def numpy_scalars(draw: st.DrawFn) -> Any:
    dtype = np.dtype(draw(st.sampled_from(["i1", "i2", "i4", "u1", "u2", "u4", "u8", "f2", "f4", "c8"])))
    return np.frombuffer(draw(st.binary(min_size=dtype.itemsize, max_size=dtype.itemsize)), dtype)[0]


KEYS = st.one_of(INT64, WORDS)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    INT64,
    st.floats(),
    WORDS,
    st.builds(BigInt, st.integers()),
    st.builds(Int128, st.integers(-(1 << 127), (1 << 127) - 1)),
    st.builds(UInt128, st.integers(0, (1 << 128) - 1)),
    st.builds(Char, st.characters(exclude_categories=["Cs"])),
    st.builds(Symbol, WORDS.filter(lambda s: "\0" not in s)),
    st.just(missing),
    st.complex_numbers(),
    st.fractions().filter(lambda f: -(1 << 62) < f.numerator < 1 << 62 and f.denominator < 1 << 62),
    st.builds(Complex, INT64, INT64),
    st.dates(),
    st.datetimes().map(lambda d: d.replace(microsecond=d.microsecond // 1000 * 1000)),
    st.builds(range, st.integers(-99, 99), st.integers(-99, 99), st.integers(1, 9)).filter(len),
    st.binary(max_size=9).map(lambda b: (b + b"\xff").decode(errors="surrogateescape")),
    numpy_scalars(),
    arrays(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(tuple),
        st.lists(inner, max_size=4).map(TypedList),
        st.dictionaries(KEYS, inner, max_size=4).map(TypedDict),
        st.builds(Pair, inner, inner),
        st.lists(inner, max_size=3).map(lambda v: NamedTuple([f"n{i}" for i in range(len(v))], v)),
    ),
    max_leaves=8,
)


def same(a: Any, b: Any) -> bool:
    """Equal in type and value, bit for bit."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return bool(a.dtype == b.dtype and a.shape == b.shape and a.tobytes("F") == b.tobytes("F"))
    if isinstance(a, np.generic):
        return bool(a.dtype == b.dtype and a.tobytes() == b.tobytes())
    if isinstance(a, (float, complex)):
        return struct.pack("<2d", complex(a).real, complex(a).imag) == struct.pack(
            "<2d", complex(b).real, complex(b).imag
        )
    if isinstance(a, (list, tuple)):
        if isinstance(a, NamedTuple) and a.names != b.names:
            return False
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return len(a) == len(b) and all(k in b and same(v, b[k]) for k, v in a.items())
    if isinstance(a, Pair):
        return same(a.first, b.first) and same(a.second, b.second) and a.types == b.types
    return bool(a == b)


@given(VALUES)
@settings(max_examples=300, deadline=None)
def test_encode_and_decode_are_inverse(value: Any) -> None:
    assert same(decode(encode(value)), value)


@given(st.binary(max_size=200))
@settings(max_examples=500, deadline=None)
def test_arbitrary_bytes_decode_or_are_refused(data: bytes) -> None:
    with contextlib.suppress(MalformedValueError):
        decode(data)


@given(VALUES, st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_bytes_decode_or_are_refused(value: Any, data: st.DataObject) -> None:
    damaged = bytearray(encode(value))
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MalformedValueError):
        decode(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))


@pytest.mark.parametrize(
    "value",
    [
        object(),
        np.array(["2020-01-01"], dtype="M8[D]"),
        datetime.datetime(2020, 1, 1, microsecond=1),
        datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
        "\ud800",
        Int128(1 << 127),
    ],
    ids=repr,
)
def test_what_has_no_counterpart_is_refused(value: Any) -> None:
    with pytest.raises(NotCarriedError):
        encode(value)


def test_too_deep_is_refused() -> None:
    value: Any = 1
    for _ in range(100):
        value = (value,)
    with pytest.raises(NotCarriedError):
        encode(value)


def test_a_range_is_its_numbers() -> None:
    assert np.asarray(Range("UnitRange", (np.int32(2), np.int32(4)))).tolist() == [2, 3, 4]
    assert np.asarray(Range("OneTo", (3,))).tolist() == [1, 2, 3]
    assert np.asarray(Range("StepRange", (1, 1, 3))).tolist() == [1, 2, 3]


def test_type_text() -> None:
    assert type_text(("Dict", "String", ("Array", "Int64", 1))) == "Dict{String, Array{Int64, 1}}"


# ---------------------------------------------------------------- through Julia


@pytest.fixture(scope="module")
def session(toolchain: Toolchain) -> Iterator[Session]:
    with Session(toolchain) as session:
        session.run("same_value(x) = x")
        yield session


@pytest.mark.julia
@given(value=VALUES)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_julia_gives_back_the_same_value(session: Session, value: Any) -> None:
    back = session.call("same_value", value)
    if not isinstance(value, (TypedDict, Pair)):
        assert same(back, value)


JULIA_VALUES: list[tuple[str, Any]] = [
    ("typemin(Int64)", -(1 << 63)),
    ("Int8(-3)", np.int8(-3)),
    ("typemax(UInt64)", np.uint64((1 << 64) - 1)),
    ("typemin(Int128)", Int128(-(1 << 127))),
    ("big(2)^100", BigInt(1 << 100)),
    ("Float16(1.5)", np.float16(1.5)),
    ("1f0im", np.complex64(1j)),
    ("3//4", Fraction(3, 4)),
    ("1//0", Rational(1, 0)),
    ("1+2im", Complex(1, 2)),
    ("'é'", Char("é")),
    (":name", Symbol("name")),
    ("nothing", None),
    ("missing", missing),
    ("[1 2; 3 4]", np.array([[1, 2], [3, 4]])),
    ("trues(2)", np.array([True, True]).view(BitArray)),
    ('(1, "a")', (1, "a")),
    ('(a = 1, b = "x")', NamedTuple(["a", "b"], [1, "x"])),
    ("1:3", range(1, 4)),
    ("10:-3:1", range(10, 0, -3)),
    ('[1, "a", nothing]', TypedList([1, "a", None])),
    ('SubString("hello", 2, 3)', "el"),
    ("view([1.0, 2.0, 3.0], 2:3)", np.array([2.0, 3.0])),
]


@pytest.mark.julia
@pytest.mark.parametrize(("code", "expected"), JULIA_VALUES, ids=[c for c, _ in JULIA_VALUES])
def test_julia_values_arrive_as_their_python_type(session: Session, code: str, expected: Any) -> None:
    value = session.run(code).value
    assert same(value, expected)
    assert session.run(f"typeof({code})").bundle is not None


EXACT = [
    'Dict("a" => [1, 2])',
    "Dict{Any,Any}(:k => 1)",
    "Set([1, 2])",
    'big"1.25"',
    "BigFloat(-0.0)",
    "0.0:0.1:1.0",
    "LinRange(0.0, 1.0, 5)",
    "Base.OneTo(4)",
    "[missing, 1]",
    'Union{Int,String}[1, "a"]',
    "[[1], [2, 3]]",
    "fill(1.0)",
    'Any[1 "a"; nothing 2]',
    '1 => "a"',
    "Pair{Any,Any}(1, 2)",
    'String["\\xff", "b"]',
    "1:1:3",
    "[1//2, 3//4]",
    "Int128[1, 2]",
    "(x = [1.0], y = (1, :z))",
    "Float16(0):Float16(3)",
    "UInt8[]",
    "zeros(0, 3)",
    "sin",
    "Int",
    "Dict(NaN => 1)",
    "Dict(0.0 => 1, -0.0 => 2)",
    "Dict([1] => 2)",
    'Dict{Any,Any}("a" => 1, :a => 2)',
]


@pytest.mark.julia
@pytest.mark.parametrize("code", EXACT)
def test_a_round_trip_through_python_is_exact(session: Session, code: str) -> None:
    session.set(there=session.run(code).value)
    check = session.run(f"original = {code}; typeof(there) === typeof(original) && isequal(there, original)")
    assert check.value is True


@pytest.mark.julia
def test_damaged_bytes_do_not_end_julia(session: Session) -> None:
    session.run(
        """
        const V = Base.loaded_modules[Base.PkgId("JuliaAotSessionWorker")].Values
        import Random
        Random.seed!(1)
        function damage(values)
            refused = 0
            for value in values, _ in 1:40
                data = V.encode(value)
                data[rand(1:length(data))] = rand(UInt8)
                rand(Bool) && resize!(data, rand(0:length(data)))
                try
                    V.decode(data)
                catch fault
                    fault isa V.Malformed || rethrow()
                    refused += 1
                end
            end
            return refused
        end
        """
    )
    values = '1, "text", [1.0 2.0], trues(9), Dict("a" => (1, :b)), big(3)^50, 1:2:9, (a = 1,), [1, "x"]'
    assert session.run(f"damage(Any[{values}])").value > 50


def test_big_floats_are_numbers() -> None:
    assert float(BigFloat(5, -2, 256)) == 1.25
    assert float(BigFloat(0, 0, 256, "-inf")) == float("-inf")


def test_object_arrays_keep_their_element_type() -> None:
    array = np.array([[1, None]], dtype=object).view(ObjectArray)
    array.eltype = ("Union", "Nothing", "Int64")
    back = decode(encode(array))
    assert back.eltype == ("Union", "Nothing", "Int64")
    assert back.tolist() == [[1, None]]
    assert isinstance(decode(encode(TypedSet([1], "Int64"))), TypedSet)
