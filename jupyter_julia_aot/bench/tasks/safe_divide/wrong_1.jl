safe_divide(a, b) = b == 0 ? nothing : a / b
