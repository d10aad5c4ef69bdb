function with_defaults(; color = :black, size = 1.0, label = "")
    return (color = color, size = size, label = label)
end
