# Julia → bytes. Part of the module Values.

"The bytes of a value. What the format has no form for is kept in the store and sent as a handle."
function encode(value, store::Store = Store())
    out = UInt8[]
    put!!(out, value, store, 0)
    return out
end

function big!(out::Vector{UInt8}, x::Unsigned, bytes::Int)
    for i in (bytes - 1):-1:0
        push!(out, (x >> (8i)) % UInt8)
    end
    return out
end

function little!(out::Vector{UInt8}, x::Unsigned, bytes::Int)
    for i in 0:(bytes - 1)
        push!(out, (x >> (8i)) % UInt8)
    end
    return out
end

function ext!(out::Vector{UInt8}, code::Int, body::Vector{UInt8})
    push!(out, 0xc9)
    big!(out, UInt32(length(body)), 4)
    push!(out, code % UInt8)
    return append!(out, body)
end

# The plain parts of MessagePack, also used inside extensions.
pack!(out::Vector{UInt8}, ::Nothing) = push!(out, 0xc0)
function pack!(out::Vector{UInt8}, x::Int64)
    0 <= x <= 127 && return push!(out, x % UInt8)
    push!(out, 0xd3)
    return big!(out, x % UInt64, 8)
end
function pack!(out::Vector{UInt8}, x::String)
    n = ncodeunits(x)
    if n < 32
        push!(out, 0xa0 | (n % UInt8))
    else
        push!(out, 0xdb)
        big!(out, UInt32(n), 4)
    end
    return append!(out, codeunits(x))
end
function pack!(out::Vector{UInt8}, x::Vector{UInt8})
    push!(out, 0xc6)
    big!(out, UInt32(length(x)), 4)
    return append!(out, x)
end
function pack!(out::Vector{UInt8}, x::Vector{Any})
    head!(out, length(x))
    for item in x
        pack!(out, item)
    end
    return out
end
function head!(out::Vector{UInt8}, n::Int)
    n < 16 && return push!(out, 0x90 | (n % UInt8))
    push!(out, 0xdd)
    return big!(out, UInt32(n), 4)
end

function items!(out::Vector{UInt8}, items, store::Store, depth::Int)
    head!(out, length(items))
    for item in items
        put!!(out, item, store, depth)
    end
    return out
end

# ---------------------------------------------------------------- scalars

put!!(out, ::Nothing, s::Store, d::Int) = push!(out, 0xc0)
put!!(out, x::Bool, s::Store, d::Int) = push!(out, x ? 0xc3 : 0xc2)
put!!(out, x::Int64, s::Store, d::Int) = pack!(out, x)
function put!!(out, x::Float64, s::Store, d::Int)
    push!(out, 0xcb)
    return big!(out, reinterpret(UInt64, x), 8)
end
put!!(out, x::Wide, s::Store, d::Int) = ext!(out, 1, append!([TAGS[typeof(x)]], reinterpret(UInt8, [x])))
put!!(out, x::BigInt, s::Store, d::Int) = ext!(out, 2, twos_complement(x))
put!!(out, ::Missing, s::Store, d::Int) = ext!(out, 9, UInt8[])
put!!(out, ::Irrational{S}, s::Store, d::Int) where {S} = put!!(out, Float64(Irrational{S}()), s, d)
put!!(out, x::Char, s::Store, d::Int) =
    Base.ismalformed(x) || Base.isoverlong(x) || codepoint(x) > 0x10ffff ? handle!(out, x, s) :
    ext!(out, 6, little!(UInt8[], codepoint(x), 4))
put!!(out, x::Symbol, s::Store, d::Int) =
    isvalid(String(x)) ? ext!(out, 7, Vector{UInt8}(codeunits(String(x)))) : handle!(out, x, s)
put!!(out, x::String, s::Store, d::Int) =
    isvalid(x) ? pack!(out, x) : ext!(out, 8, Vector{UInt8}(codeunits(x)))
put!!(out, x::SubString{String}, s::Store, d::Int) = put!!(out, String(x), s, d)

function twos_complement(x::BigInt)
    n = ndigits(x < 0 ? ~x : x, base = 2) ÷ 8 + 1
    rest = x < 0 ? x + (big(1) << 8n) : x
    bytes = Vector{UInt8}(undef, n)
    for i in n:-1:1
        bytes[i] = (rest & 0xff) % UInt8
        rest >>= 8
    end
    return bytes
end

function put!!(out, x::BigFloat, s::Store, d::Int)
    special = isnan(x) ? "nan" : isinf(x) ? (x > 0 ? "inf" : "-inf") : iszero(x) && signbit(x) ? "-0" : ""
    mantissa, power = big(0), 0
    bits = precision(x)
    if special == "" && !iszero(x)
        power = exponent(x) - bits + 1
        mantissa = setprecision(() -> BigInt(ldexp(x, -power)), BigFloat, bits)
    end
    return ext!(out, 3, pack!(UInt8[], Any[twos_complement(mantissa), Int(power), Int(bits), special]))
end

function put!!(out, x::Complex, s::Store, d::Int)
    describe(typeof(x)) === nothing && return handle!(out, x, s)
    return ext!(out, 4, items!(UInt8[], (real(x), imag(x)), s, d + 1))
end
function put!!(out, x::Rational, s::Store, d::Int)
    x isa Rational{Bool} && return handle!(out, x, s)
    describe(typeof(x)) === nothing && return handle!(out, x, s)
    return ext!(out, 5, items!(UInt8[], (numerator(x), denominator(x)), s, d + 1))
end

# ---------------------------------------------------------------- arrays and containers

function dimensions!(out::Vector{UInt8}, size)
    push!(out, length(size) % UInt8)
    for n in size
        little!(out, n % UInt64, 8)
    end
    return out
end

function put!!(out, x::Array{T}, s::Store, d::Int) where {T<:Plain}
    isconcretetype(T) && ndims(x) <= 32 || return typed_array!(out, x, s, d)
    bytes = sizeof(T) * length(x)
    if s.from_us !== nothing && bytes >= s.shared_bytes
        place = write_shared!(s.from_us, x, bytes)
        return ext!(out, 11, pack!(UInt8[], Any[place, Int(TAGS[T]), Any[size(x)...]]))
    end
    body = dimensions!([TAGS[T]], size(x))
    start = length(body)
    resize!(body, start + bytes)
    GC.@preserve x body unsafe_copyto!(pointer(body) + start, Ptr{UInt8}(pointer(x)), bytes)
    return ext!(out, 10, body)
end

function put!!(out, x::BitArray, s::Store, d::Int)
    body = dimensions!(UInt8[], size(x))
    n = (length(x) + 7) ÷ 8
    return ext!(out, 12, append!(body, view(reinterpret(UInt8, x.chunks), 1:n)))
end

# Assigned elements only: an array with holes stays in Julia.
function typed_array!(out, x::Array, s::Store, d::Int)
    kind = describe(eltype(x))
    (kind === nothing || d >= MAX_DEPTH - 2 || !all(i -> isassigned(x, i), eachindex(x))) && return handle!(out, x, s)
    body = pack!(head!(UInt8[], 3), kind)
    pack!(body, Any[size(x)...])
    return ext!(out, 13, items!(body, x, s, d + 1))
end
put!!(out, x::Array, s::Store, d::Int) = typed_array!(out, x, s, d)

# Views and lazy wrappers of Base become arrays: in Python they would be the same thing.
const Lazy = Union{SubArray,Base.ReshapedArray,Base.ReinterpretArray,PermutedDimsArray}
put!!(out, x::Lazy, s::Store, d::Int) = put!!(out, collect(x), s, d)

function put!!(out, x::Tuple, s::Store, d::Int)
    d >= MAX_DEPTH - 2 && return handle!(out, x, s)
    return ext!(out, 14, items!(UInt8[], x, s, d + 1))
end

function put!!(out, x::NamedTuple{names,T}, s::Store, d::Int) where {names,T}
    plain = T === Tuple{map(typeof, Tuple(x))...} && all(n -> isvalid(String(n)), names)
    (plain && d < MAX_DEPTH - 2) || return handle!(out, x, s)
    body = pack!(head!(UInt8[], 2), Any[String(n) for n in names])
    return ext!(out, 15, items!(body, Tuple(x), s, d + 1))
end

function put!!(out, x::Pair{A,B}, s::Store, d::Int) where {A,B}
    a, b = describe(A), describe(B)
    (a === nothing || b === nothing || d >= MAX_DEPTH - 2) && return handle!(out, x, s)
    body = pack!(pack!(head!(UInt8[], 4), a), b)
    put!!(body, x.first, s, d + 1)
    return ext!(out, 16, put!!(body, x.second, s, d + 1))
end

# Python keeps keys by value and across types (1, 1.0 and True are one key), so some dictionaries stay here.
python_key(x::Union{Bool,Bits,BigInt,Nothing,Missing}) = x
python_key(x::Union{Float16,Float32,Float64}) = isnan(x) ? nothing : x + zero(x)   # -0.0 and 0.0 are one
python_key(x::Union{String,Symbol,Char}) = string(x)
python_key(x::Tuple) = map(python_key, x)
python_key(x) = nothing
hashable(x::Tuple) = all(hashable, x)
hashable(x::AbstractFloat) = x isa Base.IEEEFloat && !isnan(x)
hashable(x::Union{Char,Symbol,String}) = isvalid(string(x))
hashable(x) = x isa Union{Bool,Bits,BigInt,Nothing,Missing}
python_keys(keys) = all(hashable, keys) && length(Set{Any}(python_key(k) for k in keys)) == length(keys)

function put!!(out, x::Dict{K,V}, s::Store, d::Int) where {K,V}
    a, b = describe(K), describe(V)
    (a === nothing || b === nothing || d >= MAX_DEPTH - 2 || !python_keys(keys(x))) && return handle!(out, x, s)
    body = pack!(pack!(head!(UInt8[], 3), a), b)
    head!(body, 2 * length(x))
    for (key, value) in x
        put!!(body, key, s, d + 1)
        put!!(body, value, s, d + 1)
    end
    return ext!(out, 17, body)
end

function put!!(out, x::Set{T}, s::Store, d::Int) where {T}
    kind = describe(T)
    (kind === nothing || d >= MAX_DEPTH - 2 || !python_keys(x)) && return handle!(out, x, s)
    return ext!(out, 18, items!(pack!(head!(UInt8[], 2), kind), x, s, d + 1))
end

# ---------------------------------------------------------------- ranges, dates, the rest

range!(out, kind::String, fields, s::Store, d::Int) = begin
    body = pack!(head!(UInt8[], length(fields) + 1), kind)
    for field in fields
        put!!(body, field, s, d + 1)
    end
    ext!(out, 19, body)
end
put!!(out, x::UnitRange{Int64}, s::Store, d::Int) = range!(out, "Int", (first(x), 1, last(x)), s, d)
function put!!(out, x::StepRange{Int64,Int64}, s::Store, d::Int)
    kind = step(x) == 1 ? "StepRange" : "Int"
    return range!(out, kind, (first(x), step(x), last(x)), s, d)
end
const Simple = Union{Bits,Base.IEEEFloat,BigInt,Rational{Int64}}
put!!(out, x::UnitRange{<:Simple}, s::Store, d::Int) = range!(out, "UnitRange", (first(x), last(x)), s, d)
put!!(out, x::StepRange{<:Simple,<:Simple}, s::Store, d::Int) =
    range!(out, "StepRange", (first(x), step(x), last(x)), s, d)
put!!(out, x::Base.OneTo{<:Bits}, s::Store, d::Int) = range!(out, "OneTo", (last(x),), s, d)
function put!!(out, x::LinRange{<:Base.IEEEFloat}, s::Store, d::Int)
    describe(typeof(x)) === nothing && return handle!(out, x, s)
    return range!(out, "LinRange", (x.start, x.stop, Int(x.len)), s, d)
end
function put!!(out, x::StepRangeLen{T}, s::Store, d::Int) where {T<:Base.IEEEFloat}
    typeof(x) === step_range_type(T) || return handle!(out, x, s)
    fields = T === Float64 ? (x.ref.hi, x.ref.lo, x.step.hi, x.step.lo) : (x.ref, zero(x.ref), x.step, zero(x.step))
    return range!(out, "StepRangeLen", (fields..., Int(x.len), Int(x.offset), zero(T)), s, d)
end

function put!!(out, x, s::Store, d::Int)
    T = typeof(x)
    if is_date(T)
        day = Int64(Base.invokelatest(dates().value, x))
        year_known = nameof(T) === :Date ? 1 <= day <= 3652059 : 86400000 <= day < 3652060 * 86400000
        year_known && return ext!(out, 20, pack!(UInt8[], nameof(T) === :Date ? Any[day] : Any[day, 0]))
    elseif nameof(parentmodule(T)) === :LinearAlgebra && nameof(T) in (:Adjoint, :Transpose) &&
           x.parent isa Union{Array,Lazy} && eltype(x) <: Number
        return put!!(out, Base.invokelatest(collect, x), s, d)
    end
    return handle!(out, x, s)
end

function handle!(out, x, s::Store)
    number = s.next
    s.next += 1
    s.objects[number] = x
    return ext!(out, 23, pack!(UInt8[], Any[number, clean(string(typeof(x)), 200), clean(one_line(x), 400)]))
end

function one_line(x)
    try
        io = IOBuffer()
        Base.invokelatest(show, IOContext(io, :limit => true, :compact => true), x)
        return String(take!(io))
    catch
        return string("a ", typeof(x), " that cannot be shown")
    end
end

function clean(text::String, most::Int)
    io = IOBuffer()
    for (i, c) in enumerate(text)
        i > most && (print(io, '…'); break)
        print(io, isvalid(c) ? c : '\ufffd')
    end
    return String(take!(io))
end
