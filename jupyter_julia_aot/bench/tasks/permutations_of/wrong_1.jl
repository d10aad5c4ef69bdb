function permutations_of(v::AbstractVector)
    isempty(v) && return Vector{eltype(v)}[]
    length(v) == 1 && return [collect(v)]
    out = Vector{eltype(v)}[]
    for i in eachindex(v)
        for p in permutations_of([v[j] for j in eachindex(v) if j != i])
            push!(out, [v[i]; p])
        end
    end
    return out
end
