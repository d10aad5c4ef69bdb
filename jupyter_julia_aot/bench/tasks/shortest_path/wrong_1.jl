function shortest_path(graph::Dict, from, to)
    from == to && return 0
    to in graph[from] && return 1
    return -1
end
