function polynomial_multiply(a::AbstractVector, b::AbstractVector)
    out = zeros(promote_type(eltype(a), eltype(b)), length(a) + length(b))
    for i in eachindex(a), j in eachindex(b)
        out[i+j] += a[i] * b[j]
    end
    return out
end
