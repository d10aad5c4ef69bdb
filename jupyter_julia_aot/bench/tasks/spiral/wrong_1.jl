function spiral(a::AbstractMatrix)
    out = eltype(a)[]
    top, bottom, left, right = 1, size(a, 1), 1, size(a, 2)
    while top <= bottom && left <= right
        append!(out, a[top, left:right])
        append!(out, a[top+1:bottom, right])
        append!(out, a[bottom, right-1:-1:left])
        append!(out, a[bottom-1:-1:top+1, left])
        top, bottom, left, right = top + 1, bottom - 1, left + 1, right - 1
    end
    return out
end
