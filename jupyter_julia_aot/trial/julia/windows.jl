# Files that Python and this process both have open, through which big arrays go. Part of the module Values.
#
# A window is mapped here for good and its memory is there already, so a copy runs at the speed of memory. Arrays in it
# are there for one request: what the request's code gets is a copy in an array of Julia's own, which it may keep.

const KEPT_BYTES = 1 << 28      # `KEPT_BYTES` in ../shared_arrays.py

mutable struct Window
    fd::Cint
    address::Ptr{UInt8}
    mapped::Int     # bytes that are mapped, which may be more than the file has
    room::Int       # bytes that are known to have memory
    used::Int       # bytes that arrays of this request take
end

function Window(path::String)
    fd = ccall(:open, Cint, (Cstring, Cint), path, 0o2000002)   # O_RDWR, O_CLOEXEC
    fd >= 0 || throw(SystemError("opening $path"))
    return Window(fd, C_NULL, 0, 0, 0)
end

"The address of so many bytes at a place of the window. The file must have them."
function view_at(w::Window, place::Int, bytes::Int)
    if place + bytes > w.mapped
        w.mapped == 0 || ccall(:munmap, Cint, (Ptr{UInt8}, Csize_t), w.address, w.mapped)
        w.mapped = nextpow(2, max(place + bytes, 1 << 20))
        w.address = ccall(:mmap, Ptr{UInt8}, (Ptr{Cvoid}, Csize_t, Cint, Cint, Cint, Int64), C_NULL, w.mapped, 3, 1, w.fd, 0)
        if w.address == Ptr{UInt8}(-1)
            w.address, w.mapped = C_NULL, 0
            throw(OutOfMemoryError())
        end
    end
    return w.address + place
end

"A place for so many bytes in a window that this side writes."
function place!(w::Window, bytes::Int)
    place = w.used
    if place + bytes > w.room
        # Memory that is not there would be a SIGBUS on the first write to it.
        ccall(:posix_fallocate, Cint, (Cint, Int64, Int64), w.fd, 0, place + bytes) == 0 ||
            error("no room for a shared array of $bytes bytes")
        w.room = place + bytes
    end
    w.used += 64 * cld(bytes, 64)
    return place
end

# Copies for Python and from it soon are garbage, of which Julia by itself may gather a gigabyte: more than a session
# is allowed.
const GARBAGE_BYTES = 1 << 27
const PASSED = Ref(0)

"A new request: nothing is in the window any more."
function clear!(w::Window)
    if PASSED[] > GARBAGE_BYTES
        PASSED[] = 0
        GC.gc(false)
    end
    if w.room > KEPT_BYTES && ccall(:ftruncate, Cint, (Cint, Int64), w.fd, KEPT_BYTES) == 0
        w.room = KEPT_BYTES
    end
    w.used = 0
    return
end

const HUGE_PAGE = 1 << 21
"Ask for big pages for an array that will be filled at once: they come several times as fast."
function advise_huge(address::Ptr, bytes::Int)
    from = (UInt(address) + HUGE_PAGE - 1) & ~UInt(HUGE_PAGE - 1)
    to = (UInt(address) + bytes) & ~UInt(HUGE_PAGE - 1)
    to > from && ccall(:madvise, Cint, (Ptr{Cvoid}, Csize_t, Cint), Ptr{Cvoid}(from), to - from, 14)
    return
end

function read_shared(w::Window, place::Int, ::Type{T}, size::Tuple) where {T}
    bytes = total(size) * sizeof(T)
    filesize(w) >= place + bytes || throw(Malformed("a shared array cut short"))
    PASSED[] += bytes
    array = Array{T}(undef, size)
    address = view_at(w, place, bytes)
    GC.@preserve array begin
        advise_huge(pointer(array), bytes)
        unsafe_copyto!(Ptr{UInt8}(pointer(array)), address, bytes)
    end
    return array
end

filesize(w::Window) = Int(ccall(:lseek, Int64, (Cint, Int64, Cint), w.fd, 0, 2))

function write_shared!(w::Window, x::Array, bytes::Int)
    PASSED[] += bytes
    place = place!(w, bytes)
    address = view_at(w, place, bytes)
    GC.@preserve x unsafe_copyto!(address, Ptr{UInt8}(pointer(x)), bytes)
    return place
end

"Put an argument that came through the window back in its place, if the request has changed it; whether it has."
function put_back!(w::Window, place::Int, x::Array)
    bytes = sizeof(x)
    address = view_at(w, place, bytes)
    return GC.@preserve x begin
        ccall(:memcmp, Cint, (Ptr{UInt8}, Ptr{Cvoid}, Csize_t), address, pointer(x), bytes) != 0 &&
            (unsafe_copyto!(address, Ptr{UInt8}(pointer(x)), bytes); true)
    end
end
