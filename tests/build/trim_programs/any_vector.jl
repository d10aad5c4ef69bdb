# cause: untyped container
# fixed: yes
function squares(n::Int)
    out = []
    for i in 1:n
        push!(out, i^2)
    end
    return out
end

function @main(args)
    println(Core.stdout, sum(squares(4)))
    return 0
end
