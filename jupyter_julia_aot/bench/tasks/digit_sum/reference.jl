digit_sum(n::Integer) = sum(digits(abs(n)))
