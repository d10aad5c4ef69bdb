function polynomial_multiply(a::AbstractVector, b::AbstractVector)
    T = promote_type(eltype(a), eltype(b))
    (isempty(a) || isempty(b)) && return T[]
    out = zeros(T, length(a) + length(b) - 1)
    for i in eachindex(a), j in eachindex(b)
        out[i+j-1] += a[i] * b[j]
    end
    return out
end
