function histogram(v, edges)
    counts = zeros(Int, length(edges) - 1)
    for x in v
        x == edges[end] && (counts[end] += 1; continue)
        i = findlast(e -> e <= x, edges)
        i === nothing || i > length(counts) || (counts[i] += 1)
    end
    return counts
end
