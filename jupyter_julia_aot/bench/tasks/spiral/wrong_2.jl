spiral(a::AbstractMatrix) = vec(permutedims(a))
