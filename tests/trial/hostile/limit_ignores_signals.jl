# Ignores every signal it can.
# expect: timeout
function f(x)
    for s in 1:64
        ccall(:signal, Ptr{Cvoid}, (Cint, Ptr{Cvoid}), s, Ptr{Cvoid}(1))
    end
    while true
    end
end
