# Plain values as bytes: what may cross between a candidate's process and the tests' process.
#
# Numbers, text, symbols, tuples, arrays, dictionaries, sets, ranges and the like keep their exact Julia types;
# anything else is refused. The reader trusts nothing: types come from a fixed table, lengths are checked
# against the bytes that are there, nesting is bounded. No method of the values' own types is called.

module Plain

struct NotPlain <: Exception
    what::String
end
struct Malformed <: Exception end

const SCALARS = DataType[Bool, Int8, Int16, Int32, Int64, Int128, UInt8, UInt16, UInt32, UInt64, UInt128, Float16,
                         Float32, Float64, Char]
const NAMED = Any[Any, Number, Real, Integer, Signed, Unsigned, AbstractFloat, AbstractString, AbstractChar, String,
                  Symbol, Nothing, Missing, BigInt, BigFloat, Function, AbstractVector, AbstractArray, Vector, Matrix,
                  Array, Tuple, Dict, Set, Pair, NamedTuple, Complex, Rational, UnitRange, StepRange, BitVector,
                  BitMatrix, SubString{String}, Irrational, Exception, Type, DataType, Union{}, Regex, VersionNumber]
const DEEPEST = 200

# ---------------------------------------------------------------- writing

mutable struct Writer
    out::Vector{UInt8}
    depth::Int
    callbacks::Vector{Any}      # functions of ours that the other side may call back
    function_name::Any          # function → (module, name) of functions both sides have
end

u8!(w::Writer, x) = push!(w.out, x % UInt8)
function int!(w::Writer, x::Integer)
    u = Int64(x) % UInt64
    for i in 0:7
        push!(w.out, (u >> (8i)) % UInt8)
    end
    return
end
function bytes!(w::Writer, data)
    int!(w, length(data))
    append!(w.out, data)
    return
end
text!(w::Writer, s::String) = bytes!(w, codeunits(s))

function put!(w::Writer, x)
    w.depth += 1
    w.depth > DEEPEST && throw(NotPlain("a value nested more than $DEEPEST deep"))
    put_value!(w, x)
    w.depth -= 1
    return
end

put_value!(w::Writer, ::Nothing) = u8!(w, 0)
put_value!(w::Writer, ::Missing) = u8!(w, 1)
function put_value!(w::Writer, x::Union{SCALARS...})
    i = findfirst(isequal(typeof(x)), SCALARS)
    u8!(w, 2)
    u8!(w, i)
    raw!(w, x)
    return
end
function raw!(w::Writer, x)
    r = Ref(x)
    GC.@preserve r append!(w.out, unsafe_wrap(Array, Ptr{UInt8}(pointer_from_objref(r)), sizeof(x)))
    return
end
put_value!(w::Writer, x::String) = (u8!(w, 3); text!(w, x))
put_value!(w::Writer, x::Symbol) = (u8!(w, 4); text!(w, String(x)))
put_value!(w::Writer, x::SubString{String}) = (u8!(w, 5); text!(w, String(x)))
put_value!(w::Writer, x::BigInt) = (u8!(w, 6); text!(w, string(x, base = 16)))
put_value!(w::Writer, x::BigFloat) = (u8!(w, 7); int!(w, precision(x)); text!(w, string(x)))
function put_value!(w::Writer, x::Tuple)
    u8!(w, 8)
    sequence!(w, x)
    return
end
function sequence!(w::Writer, items)
    int!(w, length(items))
    for item in items
        put!(w, item)
    end
    return
end
function put_value!(w::Writer, x::NamedTuple)
    u8!(w, 9)
    sequence!(w, keys(x))
    sequence!(w, values(x))
    return
end
function put_value!(w::Writer, x::Array)
    T = eltype(x)
    if T in SCALARS
        u8!(w, 10)
        u8!(w, findfirst(isequal(T), SCALARS))
        shape!(w, x)
        GC.@preserve x append!(w.out, unsafe_wrap(Array, Ptr{UInt8}(pointer(x)), sizeof(x)))
    else
        u8!(w, 11)
        type!(w, T)
        shape!(w, x)
        for i in eachindex(x)
            isassigned(x, i) ? put!(w, x[i]) : u8!(w, 255)
        end
    end
    return
end
function shape!(w::Writer, x)
    u8!(w, ndims(x))
    foreach(n -> int!(w, n), size(x))
    return
end
function put_value!(w::Writer, x::Dict)
    u8!(w, 12)
    type!(w, keytype(x))
    type!(w, valtype(x))
    int!(w, length(x))
    for (k, v) in x
        put!(w, k)
        put!(w, v)
    end
    return
end
function put_value!(w::Writer, x::Set)
    u8!(w, 13)
    type!(w, eltype(x))
    sequence!(w, x)
    return
end
put_value!(w::Writer, x::Pair) = (u8!(w, 14); type!(w, typeof(x)); put!(w, x.first); put!(w, x.second))
put_value!(w::Writer, x::Complex) = (u8!(w, 15); put!(w, real(x)); put!(w, imag(x)))
put_value!(w::Writer, x::Rational) = (u8!(w, 16); put!(w, numerator(x)); put!(w, denominator(x)))
put_value!(w::Writer, x::UnitRange) = (u8!(w, 17); put!(w, first(x)); put!(w, last(x)))
put_value!(w::Writer, x::StepRange) = (u8!(w, 18); put!(w, first(x)); put!(w, step(x)); put!(w, last(x)))
put_value!(w::Writer, x::Base.OneTo) = (u8!(w, 19); put!(w, last(x)))
function put_value!(w::Writer, x::BitArray)
    u8!(w, 20)
    shape!(w, x)
    for bit in x
        u8!(w, bit)
    end
    return
end
put_value!(w::Writer, x::Regex) = (u8!(w, 21); text!(w, x.pattern))
put_value!(w::Writer, x::Irrational) = put_value!(w, Float64(x))
put_value!(w::Writer, x::VersionNumber) = (u8!(w, 22); text!(w, string(x)))
function put_value!(w::Writer, x::Type)
    u8!(w, 23)
    type!(w, x)
    return
end
put_value!(w::Writer, x::Union{SubArray,Base.ReshapedArray,LinRange,StepRangeLen,PermutedDimsArray}) = put_value!(w, collect(x))
put_value!(w::Writer, x::Some) = (u8!(w, 24); put!(w, x.value))
function put_value!(w::Writer, x::Function)
    name = w.function_name(x)
    if name !== nothing
        u8!(w, 25)
        text!(w, name)
    else
        push!(w.callbacks, x)
        u8!(w, 26)
        int!(w, length(w.callbacks))
    end
    return
end
put_value!(w::Writer, x) = throw(NotPlain(string("a value of type ", typeof(x))))

function type!(w::Writer, T)
    i = findfirst(isequal(T), SCALARS)
    i === nothing || return (u8!(w, 1); u8!(w, i); nothing)
    i = findfirst(S -> S === T, NAMED)
    i === nothing || return (u8!(w, 2); u8!(w, i); nothing)
    if T isa Union
        u8!(w, 3)
        type!(w, T.a)
        type!(w, T.b)
    elseif T isa DataType && T <: Tuple && all(p -> p isa Type, T.parameters)
        u8!(w, 4)
        types!(w, T.parameters)
    elseif T isa DataType && T <: Array && T.parameters[2] isa Int
        u8!(w, 5)
        u8!(w, T.parameters[2])
        type!(w, T.parameters[1])
    elseif T isa DataType && (T <: Dict || T <: Pair || T <: Set || T <: Complex || T <: Rational || T <: UnitRange) &&
           all(p -> p isa Type, T.parameters)
        u8!(w, T <: Dict ? 6 : T <: Pair ? 7 : T <: Set ? 8 : T <: Complex ? 9 : T <: Rational ? 10 : 11)
        types!(w, T.parameters)
    elseif T isa DataType && T <: NamedTuple && T.parameters[1] isa Tuple
        u8!(w, 12)
        sequence!(w, T.parameters[1])
        type!(w, T.parameters[2])
    else
        throw(NotPlain(string("the type ", T)))
    end
    return
end
function types!(w::Writer, parameters)
    u8!(w, length(parameters))
    foreach(p -> type!(w, p), parameters)
    return
end

"The bytes of a value. `callbacks` collects functions that have no name on the other side."
function encode(x; callbacks::Vector{Any} = Any[], function_name = f -> base_name(f))
    w = Writer(UInt8[], 0, callbacks, function_name)
    put!(w, x)
    return w.out
end

"Name of a function of Base that both sides have; nothing for any other."
function base_name(f)
    name = nameof(f)
    for m in (Base, Core, Base.Math)
        isdefined(m, name) && getfield(m, name) === f && return string(name)
    end
    return nothing
end

# ---------------------------------------------------------------- reading

mutable struct Reader
    data::Vector{UInt8}
    at::Int
    depth::Int
    callback::Any       # number → something callable that calls back
    function_of::Any    # name → function
end

function u8(r::Reader)
    r.at <= length(r.data) || throw(Malformed())
    x = r.data[r.at]
    r.at += 1
    return x
end
function int(r::Reader)
    r.at + 7 <= length(r.data) || throw(Malformed())
    u = UInt64(0)
    for i in 0:7
        u |= UInt64(r.data[r.at + i]) << (8i)
    end
    r.at += 8
    return u % Int64
end
"A count of things that take at least `each` bytes apiece."
function len(r::Reader, each::Int = 1)
    n = int(r)
    0 <= n && (n == 0 || n <= (length(r.data) - r.at + 1) ÷ each) || throw(Malformed())
    return n
end
function chunk(r::Reader, n::Int)
    0 <= n <= length(r.data) - r.at + 1 || throw(Malformed())
    part = r.data[r.at:(r.at + n - 1)]
    r.at += n
    return part
end
text(r::Reader) = String(chunk(r, len(r)))
function pick(table, i)
    1 <= i <= length(table) || throw(Malformed())
    return table[i]
end
function raw(r::Reader, T)
    data = chunk(r, sizeof(T))
    T === Bool && return data[1] != 0
    x = reinterpret(T === Char ? UInt32 : T, data)[1]
    return T === Char ? reinterpret(Char, x) : x
end

function value(r::Reader)
    r.depth += 1
    r.depth > DEEPEST && throw(Malformed())
    x = value(r, u8(r))
    r.depth -= 1
    return x
end

function value(r::Reader, tag::UInt8)
    tag == 0 && return nothing
    tag == 1 && return missing
    tag == 2 && return raw(r, pick(SCALARS, u8(r)))
    tag == 3 && return text(r)
    tag == 4 && return Symbol(text(r))
    tag == 5 && return SubString(text(r))
    tag == 6 && return parse(BigInt, text(r), base = 16)
    tag == 7 && return big_float(r)
    tag == 8 && return Tuple(sequence(r))
    tag == 9 && return named(r)
    tag == 10 && return scalar_array(r)
    tag == 11 && return general_array(r)
    tag == 12 && return dictionary(r)
    tag == 13 && (T = type(r); return Set{T}(sequence(r)))
    tag == 14 && (T = type(r); return T(value(r), value(r)))
    tag == 15 && return Complex(value(r), value(r))
    tag == 16 && return rational(r)
    tag == 17 && return UnitRange(value(r), value(r))
    tag == 18 && return steps(r)
    tag == 19 && return Base.OneTo(value(r))
    tag == 20 && return bits(r)
    tag == 21 && return Regex(text(r))
    tag == 22 && return VersionNumber(text(r))
    tag == 23 && return type(r)
    tag == 24 && return Some(value(r))
    tag == 25 && return r.function_of(text(r))
    tag == 26 && return r.callback(int(r))
    throw(Malformed())
end

sequence(r::Reader) = Any[value(r) for _ in 1:len(r)]
function named(r::Reader)
    names = Tuple(sequence(r))
    names isa Tuple{Vararg{Symbol}} || throw(Malformed())
    return NamedTuple{names}(Tuple(sequence(r)))
end
big_float(r::Reader) = (bits = int(r); 2 <= bits <= 100_000 || throw(Malformed()); setprecision(() -> parse(BigFloat, text(r)), bits))
rational(r::Reader) = (n = value(r); d = value(r); n isa Integer && d isa Integer || throw(Malformed()); n // d)
steps(r::Reader) = (a = value(r); s = value(r); b = value(r); a:s:b)

function shape(r::Reader, each::Int)
    n = Int(u8(r))
    n <= 32 || throw(Malformed())
    dims = ntuple(_ -> Int(int(r)), n)
    total = 1
    for d in dims
        d >= 0 || throw(Malformed())
        total, overflow = Base.mul_with_overflow(total, d)
        overflow && throw(Malformed())
    end
    each * total <= length(r.data) - r.at + 1 || throw(Malformed())
    return dims, total
end
function scalar_array(r::Reader)
    T = pick(SCALARS, u8(r))
    dims, total = shape(r, sizeof(T))
    out = Array{T}(undef, dims)
    data = chunk(r, total * sizeof(T))
    T === Bool && (data .= data .!= 0)
    GC.@preserve out data unsafe_copyto!(Ptr{UInt8}(pointer(out)), pointer(data), length(data))
    return out
end
function general_array(r::Reader)
    T = type(r)
    dims, total = shape(r, 1)
    out = Array{T}(undef, dims)
    for i in 1:total
        tag = u8(r)
        if tag != 255
            r.depth += 1
            r.depth > DEEPEST && throw(Malformed())
            out[i] = value(r, tag)
            r.depth -= 1
        end
    end
    return out
end
function dictionary(r::Reader)
    K, V = type(r), type(r)
    d = Dict{K,V}()
    for _ in 1:len(r)
        k = value(r)
        d[k] = value(r)
    end
    return d
end
function bits(r::Reader)
    dims, total = shape(r, 1)
    out = falses(dims)
    for i in 1:total
        out[i] = u8(r) != 0
    end
    return out
end

function type(r::Reader, depth::Int = 0)
    depth < 50 || throw(Malformed())
    tag = u8(r)
    inner() = type(r, depth + 1)
    many() = Any[inner() for _ in 1:u8(r)]
    tag == 1 && return pick(SCALARS, u8(r))
    tag == 2 && return pick(NAMED, u8(r))
    tag == 3 && (a = inner(); return Union{a,inner()})
    tag == 4 && return Tuple{many()...}
    tag == 5 && (n = Int(u8(r)); return Array{inner(),n})
    tag == 6 && return Dict{many()...}
    tag == 7 && return Pair{many()...}
    tag == 8 && return Set{many()...}
    tag == 9 && return Complex{many()...}
    tag == 10 && return Rational{many()...}
    tag == 11 && return UnitRange{many()...}
    if tag == 12
        names = Tuple(sequence(r))
        names isa Tuple{Vararg{Symbol}} || throw(Malformed())
        return NamedTuple{names,inner()}
    end
    throw(Malformed())
end

"The value in some bytes; Malformed when they are not one."
function decode(data::Vector{UInt8}; callback = _ -> throw(Malformed()), function_of = base_function)
    r = Reader(data, 1, 0, callback, function_of)
    x = try
        value(r)
    catch fault
        fault isa InterruptException && rethrow()
        throw(Malformed())
    end
    r.at == length(data) + 1 || throw(Malformed())
    return x
end

function base_function(name::String)
    s = Symbol(name)
    for m in (Base, Core, Base.Math)
        isdefined(m, s) && getfield(m, s) isa Function && return getfield(m, s)
    end
    throw(Malformed())
end

end
