with_defaults(; options...) = merge((color = :black, size = 1.0, label = ""), values(options))
