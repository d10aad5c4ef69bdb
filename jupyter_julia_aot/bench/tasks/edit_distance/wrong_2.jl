function edit_distance(a::AbstractString, b::AbstractString)
    x, y = collect(a), collect(b)
    row = collect(0:length(y))
    for i in 1:length(x)
        corner, row[1] = row[1], i
        for j in 1:length(y)
            value = min(row[j+1] + 1, row[j] + 1, corner + 2 * (x[i] != y[j]))
            corner, row[j+1] = row[j+1], value
        end
    end
    return row[end]
end
