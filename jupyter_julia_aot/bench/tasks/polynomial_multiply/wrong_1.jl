polynomial_multiply(a::AbstractVector, b::AbstractVector) = [x * y for (x, y) in zip(a, b)]
