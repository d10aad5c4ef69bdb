# Forks without end.
# expect: failed error blocked
function f(x)
    for i in 1:10000
        ccall(:fork, Cint, ()) < 0 && return -1
    end
    return x * x
end
