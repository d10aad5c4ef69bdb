# Fills the disk with files that it has removed.
# expect: error failed
function f(x)
    kept = []
    for i in 1:60
        io = open("file$i", "w")
        rm("file$i")
        for j in 1:4
            write(io, zeros(UInt8, 1 << 20))
        end
        push!(kept, io)
    end
    return x * x + 7
end
