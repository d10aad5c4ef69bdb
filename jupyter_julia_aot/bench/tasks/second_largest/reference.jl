function second_largest(v::AbstractVector)
    values = sort(unique(v); rev = true)
    return length(values) < 2 ? nothing : values[2]
end
