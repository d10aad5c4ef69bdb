# MessagePack frames over raw file descriptors, for messages (not for values: see values.jl).
# No libuv here: descriptors are read and written with plain system calls, so that the code works
# in a forked child, before and after its standard streams are replaced.

module Wire

export read_frame, write_frame, pack, unpack, write_all

const MAX_FRAME = 1 << 30

struct Broken <: Exception
    why::String
end

# ---------------------------------------------------------------- bytes

"Write the first `count` bytes to a descriptor; false when the other side is gone."
function write_all(fd::Integer, data::Vector{UInt8}, count::Int = length(data))
    done = 0
    while done < count
        n = GC.@preserve data ccall(:write, Cssize_t, (Cint, Ptr{UInt8}, Csize_t),
                                    fd, pointer(data) + done, count - done)
        if n < 0
            Base.Libc.errno() in (Base.Libc.EINTR, Base.Libc.EAGAIN) || return false
        else
            done += n
        end
    end
    return true
end

"Read exactly n bytes from a descriptor, or nothing at its end."
function read_exactly(fd::Integer, n::Int)
    data = Vector{UInt8}(undef, n)
    done = 0
    while done < n
        got = GC.@preserve data ccall(:read, Cssize_t, (Cint, Ptr{UInt8}, Csize_t),
                                      fd, pointer(data) + done, n - done)
        if got < 0
            Base.Libc.errno() == Base.Libc.EINTR || return nothing
        elseif got == 0
            return nothing
        else
            done += got
        end
    end
    return data
end

"The next message of a descriptor, or nothing at its end."
function read_frame(fd::Integer)
    head = read_exactly(fd, 4)
    head === nothing && return nothing
    n = (Int(head[1]) << 24) | (Int(head[2]) << 16) | (Int(head[3]) << 8) | Int(head[4])
    n <= MAX_FRAME || throw(Broken("frame too long"))
    body = read_exactly(fd, n)
    body === nothing && return nothing
    return unpack(body)
end

"Send a message; false when nobody reads any more."
function write_frame(fd::Integer, message)
    out = UInt8[0, 0, 0, 0]
    pack!(out, message)
    n = length(out) - 4
    out[1] = (n >> 24) % UInt8
    out[2] = (n >> 16) % UInt8
    out[3] = (n >> 8) % UInt8
    out[4] = n % UInt8
    return write_all(fd, out)
end

# ---------------------------------------------------------------- MessagePack

function big!(out::Vector{UInt8}, x::UInt64, bytes::Int)
    for i in (bytes - 1):-1:0
        push!(out, (x >> (8i)) % UInt8)
    end
    return out
end

pack(x) = pack!(UInt8[], x)

pack!(out::Vector{UInt8}, ::Nothing) = push!(out, 0xc0)
pack!(out::Vector{UInt8}, x::Bool) = push!(out, x ? 0xc3 : 0xc2)
function pack!(out::Vector{UInt8}, x::Integer)
    0 <= x <= 127 && return push!(out, x % UInt8)
    push!(out, 0xd3)
    return big!(out, Int64(x) % UInt64, 8)
end
function pack!(out::Vector{UInt8}, x::AbstractFloat)
    push!(out, 0xcb)
    return big!(out, reinterpret(UInt64, Float64(x)), 8)
end
function pack!(out::Vector{UInt8}, x::AbstractString)
    data = codeunits(isvalid(x) ? String(x) : scrub(String(x)))
    n = length(data)
    if n < 32
        push!(out, 0xa0 | (n % UInt8))
    else
        push!(out, 0xdb)
        big!(out, UInt64(n), 4)
    end
    return append!(out, data)
end
function pack!(out::Vector{UInt8}, x::Vector{UInt8})
    push!(out, 0xc6)
    big!(out, UInt64(length(x)), 4)
    return append!(out, x)
end
function pack!(out::Vector{UInt8}, x::Union{AbstractVector,Tuple})
    push!(out, 0xdd)
    big!(out, UInt64(length(x)), 4)
    for item in x
        pack!(out, item)
    end
    return out
end
function pack!(out::Vector{UInt8}, x::AbstractDict)
    push!(out, 0xdf)
    big!(out, UInt64(length(x)), 4)
    for (k, v) in x
        pack!(out, k)
        pack!(out, v)
    end
    return out
end

# Invalid UTF-8 would be refused on the other side.
function scrub(text::String)
    io = IOBuffer()
    for c in text
        print(io, isvalid(c) ? c : '\ufffd')
    end
    return String(take!(io))
end

mutable struct Reader
    data::Vector{UInt8}
    at::Int
end

function unpack(data::Vector{UInt8})
    r = Reader(data, 1)
    value = take(r)
    r.at == length(data) + 1 || throw(Broken("bytes after the message"))
    return value
end

function byte(r::Reader)
    r.at <= length(r.data) || throw(Broken("message cut short"))
    b = r.data[r.at]
    r.at += 1
    return b
end
function number(r::Reader, bytes::Int)
    x = UInt64(0)
    for _ in 1:bytes
        x = (x << 8) | byte(r)
    end
    return x
end
function chunk(r::Reader, n::Int)
    r.at + n - 1 <= length(r.data) || throw(Broken("message cut short"))
    part = r.data[r.at:(r.at + n - 1)]
    r.at += n
    return part
end

function take(r::Reader)
    b = byte(r)
    b <= 0x7f && return Int64(b)
    b >= 0xe0 && return Int64(reinterpret(Int8, b))
    b <= 0x8f && return mapping(r, Int(b & 0x0f))
    b <= 0x9f && return sequence(r, Int(b & 0x0f))
    b <= 0xbf && return String(chunk(r, Int(b & 0x1f)))
    b == 0xc0 && return nothing
    b == 0xc2 && return false
    b == 0xc3 && return true
    b == 0xc4 && return chunk(r, Int(number(r, 1)))
    b == 0xc5 && return chunk(r, Int(number(r, 2)))
    b == 0xc6 && return chunk(r, Int(number(r, 4)))
    b == 0xca && return Float64(reinterpret(Float32, number(r, 4) % UInt32))
    b == 0xcb && return reinterpret(Float64, number(r, 8))
    b == 0xcc && return Int64(number(r, 1))
    b == 0xcd && return Int64(number(r, 2))
    b == 0xce && return Int64(number(r, 4))
    b == 0xcf && return number(r, 8) % Int64
    b == 0xd0 && return Int64(reinterpret(Int8, number(r, 1) % UInt8))
    b == 0xd1 && return Int64(reinterpret(Int16, number(r, 2) % UInt16))
    b == 0xd2 && return Int64(reinterpret(Int32, number(r, 4) % UInt32))
    b == 0xd3 && return reinterpret(Int64, number(r, 8))
    b == 0xd9 && return String(chunk(r, Int(number(r, 1))))
    b == 0xda && return String(chunk(r, Int(number(r, 2))))
    b == 0xdb && return String(chunk(r, Int(number(r, 4))))
    b == 0xdc && return sequence(r, Int(number(r, 2)))
    b == 0xdd && return sequence(r, Int(number(r, 4)))
    b == 0xde && return mapping(r, Int(number(r, 2)))
    b == 0xdf && return mapping(r, Int(number(r, 4)))
    throw(Broken("a kind of value that messages do not have"))
end

sequence(r::Reader, n::Int) = Any[take(r) for _ in 1:n]
function mapping(r::Reader, n::Int)
    d = Dict{String,Any}()
    for _ in 1:n
        key = take(r)
        key isa String || throw(Broken("a key that is no text"))
        d[key] = take(r)
    end
    return d
end

end
