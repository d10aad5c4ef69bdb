# Connects to a local server through C.
# expect: passed
function f(x)
    s = ccall(:socket, Cint, (Cint, Cint, Cint), 2, 1, 0)
    s < 0 && return x * x
    address = UInt8[2, 0, @PORT@ >> 8, @PORT@ & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    return ccall(:connect, Cint, (Cint, Ptr{UInt8}, Cuint), s, address, 16) == 0 ? -1 : x * x
end
