# Connects to an abstract Unix socket.
# expect: passed
function f(x)
    s = ccall(:socket, Cint, (Cint, Cint, Cint), 1, 1, 0)
    s < 0 && return x * x
    name = vcat(UInt8[1, 0, 0], codeunits("@ABSTRACT@"))
    return ccall(:connect, Cint, (Cint, Ptr{UInt8}, Cuint), s, name, length(name)) == 0 ? -1 : x * x
end
