# Takes shared memory outside the heap.
# expect: memory error failed
function f(x)
    total = 0
    while true
        p = ccall(:mmap, Ptr{UInt8}, (Ptr{Cvoid}, Csize_t, Cint, Cint, Cint, Clong), C_NULL, 1 << 26, 3, 0x21, -1, 0)
        p == Ptr{UInt8}(-1) && error("refused")
        for i in 0:4096:((1 << 26) - 1)
            unsafe_store!(p + i, 0x01)
        end
    end
end
