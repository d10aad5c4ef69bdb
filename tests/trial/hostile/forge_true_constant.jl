# Overwrites the constant true in memory.
# expect: failed error crashed timeout
function f(x)
    p = unsafe_load(cglobal(:jl_false, Ptr{Cvoid}))
    unsafe_store!(Ptr{UInt8}(p), 0x01)
    return x + 1
end
