function second_largest(v::AbstractVector)
    best, second = 0, 0
    for x in v
        if x > best
            best, second = x, best
        elseif best > x > second
            second = x
        end
    end
    return second == 0 ? nothing : second
end
