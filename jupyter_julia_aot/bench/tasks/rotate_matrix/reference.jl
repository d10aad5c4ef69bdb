function rotate_matrix(a::AbstractMatrix)
    rows, columns = size(a)
    return [a[rows-j+1, i] for i in 1:columns, j in 1:rows]
end
