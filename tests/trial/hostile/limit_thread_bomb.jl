# Starts threads without end.
# expect: failed error blocked crashed
function f(x)
    t = Ref{Culong}(0)
    for i in 1:10000
        ccall(:pthread_create, Cint, (Ref{Culong}, Ptr{Cvoid}, Ptr{Cvoid}, Ptr{Cvoid}), t, C_NULL, cglobal(:pause), C_NULL) == 0 || return -1
    end
    return x * x
end
