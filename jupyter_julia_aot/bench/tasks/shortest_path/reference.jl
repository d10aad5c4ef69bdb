function shortest_path(graph::Dict, from, to)
    distance = Dict(from => 0)
    queue = [from]
    while !isempty(queue)
        node = popfirst!(queue)
        node == to && return distance[node]
        for next in graph[node]
            haskey(distance, next) && continue
            distance[next] = distance[node] + 1
            push!(queue, next)
        end
    end
    return -1
end
