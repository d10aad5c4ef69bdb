function horner(coefficients::AbstractVector, x)
    value = zero(x)
    for c in coefficients
        value = value * x + c
    end
    return value
end
