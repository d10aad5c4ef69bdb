function longest_increasing(v::AbstractVector)
    lengths = ones(Int, length(v))
    for i in 2:length(v), j in 1:i-1
        v[j] <= v[i] && (lengths[i] = max(lengths[i], lengths[j] + 1))
    end
    return isempty(v) ? 0 : maximum(lengths)
end
