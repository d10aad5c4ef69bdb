horner(coefficients::AbstractVector, x) = sum(c * x^i for (i, c) in enumerate(coefficients))
