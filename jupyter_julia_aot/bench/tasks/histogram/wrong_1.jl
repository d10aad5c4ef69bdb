function histogram(v, edges)
    return [count(x -> edges[i] <= x < edges[i+1], v) for i in 1:length(edges)-1]
end
