function merge_sorted(a::AbstractVector, b::AbstractVector)
    out = promote_type(eltype(a), eltype(b))[]
    i, j = 1, 1
    while i <= length(a) && j <= length(b)
        if a[i] <= b[j]
            push!(out, a[i])
            i += 1
        else
            push!(out, b[j])
            j += 1
        end
    end
    return out
end
