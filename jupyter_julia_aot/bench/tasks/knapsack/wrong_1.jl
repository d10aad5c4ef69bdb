function knapsack(weights, values, capacity::Integer)
    best = zeros(Int, capacity + 1)
    for (w, v) in zip(weights, values)
        for c in w:capacity
            best[c+1] = max(best[c+1], best[c-w+1] + v)
        end
    end
    return best[end]
end
