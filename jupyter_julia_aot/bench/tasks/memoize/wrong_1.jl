memoize(f) = x -> f(x)
