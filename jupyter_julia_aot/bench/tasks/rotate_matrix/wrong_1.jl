function rotate_matrix(a::AbstractMatrix)
    rows, columns = size(a)
    return [a[j, columns-i+1] for i in 1:columns, j in 1:rows]
end
