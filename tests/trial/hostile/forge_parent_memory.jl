# Writes into the memory of its parent.
# expect: failed error blocked
function f(x)
    pid = ccall(:getppid, Cint, ())
    open("/proc/$pid/mem", "r+") do io
        write(io, "x")
    end
    return x * x
end
