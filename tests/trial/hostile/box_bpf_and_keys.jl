# Asks for bpf, a key, and performance counters.
# expect: passed
function f(x)
    for number in (321, 248, 250, 298, 323, 272, 308)
        ccall(:syscall, Clong, (Clong, Clong, Clong, Clong, Clong, Clong), number, 0, 0, 0, 0, 0) >= 0 && return -1
    end
    return x * x
end
