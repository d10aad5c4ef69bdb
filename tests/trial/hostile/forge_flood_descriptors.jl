# Writes noise to every open descriptor.
# expect: failed blocked error crashed timeout
function f(x)
    junk = rand(UInt8, 4096)
    for fd in 3:300
        ccall(:write, Cssize_t, (Cint, Ptr{UInt8}, Csize_t), fd, junk, length(junk))
    end
    return x + 1
end
