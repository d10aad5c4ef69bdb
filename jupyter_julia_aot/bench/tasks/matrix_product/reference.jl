function matrix_product(a::AbstractMatrix, b::AbstractMatrix)
    size(a, 2) == size(b, 1) || throw(DimensionMismatch("$(size(a)) times $(size(b))"))
    c = zeros(promote_type(eltype(a), eltype(b)), size(a, 1), size(b, 2))
    for i in 1:size(a, 1), j in 1:size(b, 2), k in 1:size(a, 2)
        c[i, j] += a[i, k] * b[k, j]
    end
    return c
end
