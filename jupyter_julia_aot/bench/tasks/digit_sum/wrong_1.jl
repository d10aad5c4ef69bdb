digit_sum(n::Integer) = sum(digits(n))
