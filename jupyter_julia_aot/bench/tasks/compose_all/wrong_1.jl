compose_all(functions...) = x -> foldr((f, value) -> f(value), functions; init = x)
