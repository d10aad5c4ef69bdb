function trapezoid(f, a, b, n)
    h = (b - a) / n
    return h * sum(f(a + i * h) for i in 0:n)
end
