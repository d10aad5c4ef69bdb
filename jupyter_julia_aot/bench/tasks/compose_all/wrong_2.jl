compose_all(functions...) = reduce((f, g) -> x -> g(f(x)), functions)
