function binary_search(v::AbstractVector, x)
    low, high = 1, length(v)
    while low < high
        middle = (low + high) ÷ 2
        v[middle] < x ? (low = middle + 1) : (high = middle)
    end
    return low
end
