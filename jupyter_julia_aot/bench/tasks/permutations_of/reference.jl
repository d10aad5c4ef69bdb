function permutations_of(v::AbstractVector)
    isempty(v) && return [collect(v)]
    out = Vector{eltype(v)}[]
    for i in eachindex(v)
        rest = [v[j] for j in eachindex(v) if j != i]
        for p in permutations_of(rest)
            push!(out, [v[i]; p])
        end
    end
    return out
end
