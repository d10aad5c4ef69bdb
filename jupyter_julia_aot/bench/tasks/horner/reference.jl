function horner(coefficients::AbstractVector, x)
    value = zero(x)
    for c in reverse(coefficients)
        value = value * x + c
    end
    return value
end
