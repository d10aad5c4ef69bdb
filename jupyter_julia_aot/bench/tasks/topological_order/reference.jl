function topological_order(graph::Dict)
    order = keytype(graph)[]
    left = Set(keys(graph))
    while !isempty(left)
        ready = [n for n in left if all(d -> !(d in left), graph[n])]
        isempty(ready) && return nothing
        next = minimum(ready)
        push!(order, next)
        delete!(left, next)
    end
    return order
end
