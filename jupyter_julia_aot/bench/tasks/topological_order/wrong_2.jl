topological_order(graph::Dict) = sort(collect(keys(graph)); by = n -> (length(graph[n]), n))
