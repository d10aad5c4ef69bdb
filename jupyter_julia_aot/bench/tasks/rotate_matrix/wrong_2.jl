rotate_matrix(a::AbstractMatrix) = permutedims(a)
