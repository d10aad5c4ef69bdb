# Takes memory from C.
# expect: memory crashed error failed
function f(x)
    while true
        p = ccall(:malloc, Ptr{UInt8}, (Csize_t,), 1 << 26)
        p == C_NULL && throw(OutOfMemoryError())
        ccall(:memset, Ptr{Cvoid}, (Ptr{UInt8}, Cint, Csize_t), p, 1, 1 << 26)
    end
end
