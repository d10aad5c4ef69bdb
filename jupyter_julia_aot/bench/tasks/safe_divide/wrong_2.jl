safe_divide(a, b) = ismissing(b) || iszero(b) ? nothing : a / b
