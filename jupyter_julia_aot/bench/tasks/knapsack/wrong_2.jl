function knapsack(weights, values, capacity::Integer)
    total = 0
    for i in sortperm(collect(values ./ weights); rev = true)
        if weights[i] <= capacity
            capacity -= weights[i]
            total += values[i]
        end
    end
    return total
end
