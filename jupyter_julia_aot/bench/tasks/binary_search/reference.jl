function binary_search(v::AbstractVector, x)
    low, high = 1, length(v) + 1
    while low < high
        middle = (low + high) ÷ 2
        if v[middle] < x
            low = middle + 1
        else
            high = middle
        end
    end
    return low <= length(v) && v[low] == x ? low : 0
end
