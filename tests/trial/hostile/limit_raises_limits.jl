# Raises its own limits first.
# expect: memory
const KEPT = Any[]
function f(x)
    for r in 0:15
        ccall(:setrlimit, Cint, (Cint, Ptr{UInt64}), r, [typemax(UInt64), typemax(UInt64)])
    end
    while true
        push!(KEPT, ones(1_000_000))
    end
end
