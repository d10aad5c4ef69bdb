# Overwrites the heap.
# expect: crashed error failed timeout memory
function f(x)
    v = zeros(10)
    for i in 1:100_000
        unsafe_store!(pointer(v), 1e300, i)
    end
    GC.gc()
    return length(string(rand(1000)))
end
