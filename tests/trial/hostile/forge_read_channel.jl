# Eats the messages of the harness.
# expect: failed blocked error crashed timeout
function f(x)
    buffer = zeros(UInt8, 4096)
    for fd in 3:120
        ccall(:fcntl, Cint, (Cint, Cint, Cint), fd, 4, 2048)
        ccall(:read, Cssize_t, (Cint, Ptr{UInt8}, Csize_t), fd, buffer, 4096)
    end
    return x + 1
end
