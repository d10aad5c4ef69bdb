function binary_search(v::AbstractVector, x)
    low, high = 1, length(v)
    while low <= high
        middle = (low + high) ÷ 2
        v[middle] == x && return middle
        v[middle] < x ? (low = middle + 1) : (high = middle - 1)
    end
    return 0
end
