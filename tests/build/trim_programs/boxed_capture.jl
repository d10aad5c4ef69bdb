# cause: captured variable
# fixed: yes
function total(values::Vector{Float64})
    s = 0.0
    foreach(v -> (s += v), values)
    return s
end

function @main(args)
    println(Core.stdout, total([1.0, 2.0]))
    return 0
end
