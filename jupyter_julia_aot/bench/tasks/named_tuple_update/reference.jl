function with_defaults(; options...)
    defaults = (color = :black, size = 1.0, label = "")
    for key in keys(options)
        haskey(defaults, key) || throw(ArgumentError("unknown option $key"))
    end
    return merge(defaults, values(options))
end
