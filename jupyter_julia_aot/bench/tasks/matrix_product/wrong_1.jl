function matrix_product(a::AbstractMatrix, b::AbstractMatrix)
    size(a) == size(b) || throw(DimensionMismatch("sizes differ"))
    return a .* b
end
