function prefix_sums(v::AbstractVector)
    out = copy(v)
    for i in 2:length(out)
        out[i] = v[i] + v[i-1]
    end
    return out
end
