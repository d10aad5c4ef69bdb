function trapezoid(f, a, b, n)
    h = (b - a) / n
    inner = n > 1 ? sum(f(a + i * h) for i in 1:n-1) : 0.0
    return h * ((f(a) + f(b)) / 2 + inner)
end
