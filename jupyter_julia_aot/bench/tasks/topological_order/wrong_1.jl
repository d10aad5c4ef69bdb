function topological_order(graph::Dict)
    order = keytype(graph)[]
    seen = Set(keytype(graph)[])
    visit(n) = n in seen || (push!(seen, n); foreach(visit, graph[n]); push!(order, n))
    foreach(visit, sort(collect(keys(graph))))
    return order
end
