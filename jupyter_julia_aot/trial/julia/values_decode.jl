# Bytes → Julia. Part of the module Values. Raises Malformed, and nothing else, for wrong bytes.

mutable struct Reader
    data::Vector{UInt8}
    at::Int
    stop::Int
    store::Store
end

"The value that the bytes stand for."
function decode(data::Vector{UInt8}, store::Store = Store())
    r = Reader(data, 1, length(data), store)
    value = read_value(r, 0)
    r.at == r.stop + 1 || throw(Malformed("bytes after the value"))
    return value
end

function byte!(r::Reader)
    r.at <= r.stop || throw(Malformed("cut short"))
    b = r.data[r.at]
    r.at += 1
    return b
end
function number!(r::Reader, bytes::Int)
    x = UInt64(0)
    for _ in 1:bytes
        x = (x << 8) | byte!(r)
    end
    return x
end
function chunk!(r::Reader, n::UInt64)
    n <= r.stop - r.at + 1 || throw(Malformed("cut short"))
    part = r.data[r.at:(r.at + Int(n) - 1)]
    r.at += Int(n)
    return part
end
signed64(x::UInt64) = x <= typemax(Int64) % UInt64 ? Int64(x) : throw(Malformed("an integer beyond Int64"))

function read_value(r::Reader, depth::Int)
    depth <= MAX_DEPTH || throw(Malformed("nested too deeply"))
    b = byte!(r)
    b <= 0x7f && return Int64(b)
    b >= 0xe0 && return Int64(reinterpret(Int8, b))
    0x90 <= b <= 0x9f && return literal(read_items(r, UInt64(b & 0x0f), depth + 1))
    0xa0 <= b <= 0xbf && return text(chunk!(r, UInt64(b & 0x1f)))
    b == 0xc0 && return nothing
    b == 0xc2 && return false
    b == 0xc3 && return true
    0xc4 <= b <= 0xc6 && return chunk!(r, number!(r, 1 << (b - 0xc4)))
    0xc7 <= b <= 0xc9 && return read_extension(r, number!(r, 1 << (b - 0xc7)), depth)
    b == 0xca && return Float64(reinterpret(Float32, number!(r, 4) % UInt32))
    b == 0xcb && return reinterpret(Float64, number!(r, 8))
    0xcc <= b <= 0xcf && return signed64(number!(r, 1 << (b - 0xcc)))
    b == 0xd0 && return Int64(reinterpret(Int8, number!(r, 1) % UInt8))
    b == 0xd1 && return Int64(reinterpret(Int16, number!(r, 2) % UInt16))
    b == 0xd2 && return Int64(reinterpret(Int32, number!(r, 4) % UInt32))
    b == 0xd3 && return reinterpret(Int64, number!(r, 8))
    0xd4 <= b <= 0xd8 && return read_extension(r, UInt64(1 << (b - 0xd4)), depth)
    0xd9 <= b <= 0xdb && return text(chunk!(r, number!(r, 1 << (b - 0xd9))))
    0xdc <= b <= 0xdd && return literal(read_items(r, number!(r, b == 0xdc ? 2 : 4), depth + 1))
    throw(Malformed("not a kind of value"))
end

function text(data::Vector{UInt8})
    string = String(data)
    isvalid(string) || throw(Malformed("text that is not UTF-8"))
    return string
end

function read_items(r::Reader, n::UInt64, depth::Int)
    n <= r.stop - r.at + 1 || throw(Malformed("cut short"))
    return Any[read_value(r, depth) for _ in 1:Int(n)]
end

# `[a, b]` as Julia would build it: Vector{Int64}, Vector{Float64} of mixed numbers, Vector{Any} of anything.
function literal(items::Vector{Any})
    isempty(items) && return items
    T = mapreduce(typeof, promoted, items)
    return T === Any ? items : convert(Vector{T}, items)
end
promoted(A, B) = A === B ? A : promote_type(A, B)

"The plain list inside an extension: structure, not a value that Julia would build."
function read_list(r::Reader, depth::Int)
    b = byte!(r)
    n = 0x90 <= b <= 0x9f ? UInt64(b & 0x0f) : b == 0xdc ? number!(r, 2) : b == 0xdd ? number!(r, 4) :
        throw(Malformed("a list was due"))
    return read_items(r, n, depth)
end

"Names, sizes and types: lists of lists of text and numbers, nothing converted."
function read_structure(r::Reader, depth::Int)
    depth <= MAX_DEPTH || throw(Malformed("nested too deeply"))
    r.at <= r.stop || throw(Malformed("cut short"))
    b = r.data[r.at]
    0x90 <= b <= 0x9f || b == 0xdc || b == 0xdd || return read_value(r, depth)
    r.at += 1
    n = b <= 0x9f ? UInt64(b & 0x0f) : number!(r, b == 0xdc ? 2 : 4)
    n <= r.stop - r.at + 1 || throw(Malformed("cut short"))
    return Any[read_structure(r, depth + 1) for _ in 1:Int(n)]
end

function list_head(r::Reader)
    b = byte!(r)
    0x90 <= b <= 0x9f && return Int(b & 0x0f)
    b == 0xdc && return Int(number!(r, 2))
    b == 0xdd && return Int(number!(r, 4))
    throw(Malformed("a list was due"))
end

function read_extension(r::Reader, n::UInt64, depth::Int)
    code = byte!(r)
    n <= r.stop - r.at + 1 || throw(Malformed("cut short"))
    inner = Reader(r.data, r.at, r.at + Int(n) - 1, r.store)
    r.at += Int(n)
    value = try
        build(Int(code), inner, depth + 1)
    catch error
        # Constructors refuse in their own ways; all mean the same here.
        error isa Malformed && rethrow()
        error isa Union{InterruptException,OutOfMemoryError,StackOverflowError} && rethrow()
        throw(Malformed(sprint(showerror, error)))
    end
    inner.at == inner.stop + 1 || throw(Malformed("bytes after an extension"))
    return value
end

rest!(r::Reader) = chunk!(r, UInt64(r.stop - r.at + 1))

function build(code::Int, r::Reader, depth::Int)
    code == 1 && return build_number(r)
    code == 2 && return big_integer(rest!(r))
    code == 3 && return build_big_float(r, depth)
    code == 6 && return Char(little32(rest!(r)))
    code == 7 && return Symbol(text(rest!(r)))
    code == 8 && return String(rest!(r))
    code == 9 && return missing
    code == 10 && return build_array(r)
    code == 11 && return build_shared(read_structure(r, depth), r.store)
    code == 12 && return build_bits(r)
    code == 19 && return build_range(read_list(r, depth))
    code == 20 && return build_date(read_list(r, depth))
    code == 23 && return build_handle(read_list(r, depth), r.store)
    code in (4, 5, 13, 14, 15, 16, 17, 18) || throw(Malformed("not an extension type"))
    return build_container(code, r, list_head(r), depth)
end

function build_number(r::Reader)
    T = get(() -> throw(Malformed("not a number's type")), NUMBERS, byte!(r))
    data = rest!(r)
    T === Bool && throw(Malformed("not a number's type"))
    length(data) == sizeof(T) || throw(Malformed("a number of another length"))
    return reinterpret(T, data)[1]
end

function big_integer(data::Vector{UInt8})
    isempty(data) && return big(0)
    x = big(0)
    for b in data
        x = (x << 8) | b
    end
    return data[1] >= 0x80 ? x - (big(1) << 8length(data)) : x
end

function build_big_float(r::Reader, depth::Int)
    list_head(r) == 4 || throw(Malformed("a broken big float"))
    mantissa, power, bits, special = (read_value(r, depth) for _ in 1:4)
    mantissa isa Vector{UInt8} && power isa Int && bits isa Int && special isa String && 0 < bits < 1 << 31 &&
        abs(power) < 1 << 62 || throw(Malformed("a broken big float"))
    return setprecision(BigFloat, bits) do
        special == "nan" && return BigFloat(NaN)
        special == "inf" && return BigFloat(Inf)
        special == "-inf" && return BigFloat(-Inf)
        special == "-0" && return BigFloat(-0.0)
        special == "" || throw(Malformed("a broken big float"))
        return ldexp(BigFloat(big_integer(mantissa)), power)
    end
end

function little32(data::Vector{UInt8})
    length(data) == 4 || throw(Malformed("a character of another length"))
    x = reinterpret(UInt32, data)[1]
    x <= 0x10ffff || throw(Malformed("not a character"))
    return x
end

function sizes(items)
    items isa Vector{Any} && length(items) <= 32 && all(n -> n isa Int && 0 <= n < 1 << 48, items) ||
        throw(Malformed("not an array's dimensions"))
    return Tuple(Int(n) for n in items)
end

function read_sizes(r::Reader)
    n = Int(byte!(r))
    return sizes(Any[reinterpret(Int64, chunk!(r, UInt64(8)))[1] for _ in 1:n])
end

function total(size::Tuple)
    n = 1
    for m in size
        n, over = Base.mul_with_overflow(n, m)
        over && throw(Malformed("an array too large"))
    end
    return n
end

function element_type(tag)
    T = get(() -> throw(Malformed("not an element type")), NUMBERS, tag isa UInt8 ? tag : UInt8(tag))
    T <: Plain || throw(Malformed("not an element type"))
    return T
end

function build_array(r::Reader)
    T = element_type(byte!(r))
    size = read_sizes(r)
    return fill_array(T, size, r)
end

function fill_array(::Type{T}, size::Tuple, r::Reader) where {T}
    bytes = r.stop - r.at + 1
    total(size) * sizeof(T) == bytes || throw(Malformed("an array of another length"))
    if T === Bool
        all(i -> r.data[i] <= 0x01, r.at:r.stop) || throw(Malformed("not an array of Bool"))
    end
    array = Array{T}(undef, size)
    data, at = r.data, r.at
    GC.@preserve array data unsafe_copyto!(Ptr{UInt8}(pointer(array)), pointer(data, at), bytes)
    r.at = r.stop + 1
    return array
end

function build_shared(items, store::Store)
    items isa Vector{Any} && length(items) == 3 && items[1] isa Int && 0 <= items[1] < 1 << 48 ||
        throw(Malformed("a broken shared array"))
    store.to_us === nothing && throw(Malformed("no memory is shared"))
    T, size = element_type(items[2]), sizes(items[3])
    return read_shared(store.to_us, items[1], T, size)
end

function build_bits(r::Reader)
    size = read_sizes(r)
    n = total(size)
    data = rest!(r)
    length(data) == (n + 7) ÷ 8 || throw(Malformed("a bit array of another length"))
    bits = BitArray(undef, size)
    for i in 1:n
        bits[i] = (data[(i - 1) ÷ 8 + 1] >> ((i - 1) % 8)) & 0x01 == 0x01
    end
    return bits
end

function build_container(code::Int, r::Reader, n::Int, depth::Int)
    if code == 14
        return Tuple(read_items(r, UInt64(n), depth))
    elseif code == 15
        n == 2 || throw(Malformed("a broken named tuple"))
        names = field_names(read_structure(r, depth))
        return NamedTuple{names}(Tuple(read_list(r, depth)))
    elseif code in (4, 5)
        n == 2 || throw(Malformed("a broken number"))
        a, b = read_value(r, depth), read_value(r, depth)
        typeof(a) === typeof(b) && a isa (code == 4 ? Real : Integer) && !(code == 5 && a isa Bool) ||
            throw(Malformed("a broken number"))
        return code == 4 ? Complex(a, b) : a // b
    elseif code == 13
        n == 3 || throw(Malformed("a broken array"))
        T, size = the_type(read_structure(r, depth)), sizes(read_structure(r, depth))
        items = read_list(r, depth)
        length(items) == total(size) || throw(Malformed("an array of another length"))
        return copyto!(Array{T}(undef, size), exactly(T, items))
    elseif code == 16
        n == 4 || throw(Malformed("a broken pair"))
        A, B = the_type(read_structure(r, depth)), the_type(read_structure(r, depth))
        a, b = read_value(r, depth), read_value(r, depth)
        return Pair{A,B}(a::A, b::B)
    end
    return build_unordered(code, r, n, depth)
end

exactly(T, items) = all(i -> i isa T, items) ? items : throw(Malformed("an element of another type"))

function build_unordered(code::Int, r::Reader, n::Int, depth::Int)
    n == (code == 17 ? 3 : 2) || throw(Malformed("a broken collection"))
    kinds = Any[read_structure(r, depth) for _ in 2:n]
    items = read_list(r, depth)
    if code == 18
        kinds[1] === nothing && return Set(literal(items))
        T = the_type(kinds[1])
        return Set{T}(exactly(T, items))
    end
    iseven(length(items)) || throw(Malformed("a key without a value"))
    keys, values = items[1:2:end], items[2:2:end]
    if kinds[1] === nothing
        keys, values = literal(keys), literal(values)
        return Dict{eltype(keys),eltype(values)}(zip(keys, values))
    end
    K, V = the_type(kinds[1]), the_type(kinds[2])
    return Dict{K,V}(zip(exactly(K, keys), exactly(V, values)))
end

function build_range(items::Vector{Any})
    length(items) >= 2 && items[1] isa String || throw(Malformed("a broken range"))
    kind, f = items[1], items[2:end]
    all(x -> x isa Simple, f) || throw(Malformed("a broken range"))
    n = length(f)
    if kind == "Int" && n == 3 && f isa Vector && all(x -> x isa Int64, f)
        return f[2] == 1 ? (f[1]:f[3]) : (f[1]:f[2]:f[3])
    elseif kind == "UnitRange" && n == 2
        return UnitRange{typeof(f[1])}(f[1], f[2]::typeof(f[1]))
    elseif kind == "StepRange" && n == 3
        return StepRange{typeof(f[1]),typeof(f[2])}(f[1], f[2], f[3]::typeof(f[1]))
    elseif kind == "OneTo" && n == 1
        return Base.OneTo(f[1]::Bits)
    elseif kind == "LinRange" && n == 3
        return LinRange(f[1]::Base.IEEEFloat, f[2]::typeof(f[1]), f[3]::Int)
    elseif kind == "StepRangeLen" && n == 7
        return step_range(typeof(f[7]::Base.IEEEFloat), f)
    end
    throw(Malformed("a broken range"))
end

function step_range(::Type{T}, f::Vector{Any}) where {T}
    R = step_range_type(T)
    hi, lo, step_hi, step_lo, n, offset = f
    n isa Int && offset isa Int && n >= 0 && 1 <= offset <= max(1, n) || throw(Malformed("a broken range"))
    T === Float64 || return R(hi::Float64, step_hi::Float64, n, offset)
    return R(Base.TwicePrecision{T}(hi::T, lo::T), Base.TwicePrecision{T}(step_hi::T, step_lo::T), n, offset)
end

function build_date(items::Vector{Any})
    1 <= length(items) <= 2 && all(x -> x isa Int64, items) || throw(Malformed("a broken date"))
    D = dates()
    return length(items) == 1 ? Base.invokelatest(make_date, D, items[1]) : Base.invokelatest(make_time, D, items[1])
end
make_date(D, days) = D.Date(D.UTD(days))
make_time(D, milliseconds) = D.DateTime(D.UTM(milliseconds))

function build_handle(items::Vector{Any}, store::Store)
    length(items) == 3 && items[1] isa Int || throw(Malformed("a broken handle"))
    return get(() -> throw(Malformed("an object that was freed")), store.objects, items[1])
end
