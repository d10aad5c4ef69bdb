safe_divide(::Missing, b) = missing
safe_divide(a, ::Missing) = missing
safe_divide(::Missing, ::Missing) = missing
safe_divide(a, b) = iszero(b) ? nothing : a / b
