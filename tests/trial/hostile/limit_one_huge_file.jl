# Writes one file without end.
# expect: blocked error failed crashed
function f(x)
    open("big", "w") do io
        while true
            write(io, zeros(UInt8, 1 << 20))
        end
    end
end
