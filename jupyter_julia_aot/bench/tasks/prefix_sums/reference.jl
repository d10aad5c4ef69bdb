function prefix_sums(v::AbstractVector)
    out = copy(v)
    for i in 2:length(out)
        out[i] += out[i-1]
    end
    return out
end
