function prefix_sums(v::AbstractVector)
    for i in 2:length(v)
        v[i] += v[i-1]
    end
    return v
end
