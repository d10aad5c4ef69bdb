function edit_distance(a::AbstractString, b::AbstractString)
    return count(p -> p[1] != p[2], zip(a, b)) + abs(length(a) - length(b))
end
