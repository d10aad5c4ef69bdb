compose_all(functions...) = x -> foldl((value, f) -> f(value), functions; init = x)
