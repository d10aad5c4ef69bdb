# cause: abstract field
# fixed: yes
mutable struct Series
    values::Vector
end

function mean(s::Series)
    total = 0.0
    for value in s.values
        total += value
    end
    return total / length(s.values)
end

function @main(args)
    s = Series([1.0, 2.0])
    append!(s.values, [6.0])
    println(Core.stdout, mean(s))
    return 0
end
