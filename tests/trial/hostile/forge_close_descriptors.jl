# Closes every descriptor.
# expect: failed blocked error crashed timeout
function f(x)
    for fd in 0:300
        ccall(:close, Cint, (Cint,), fd)
    end
    return x + 1
end
