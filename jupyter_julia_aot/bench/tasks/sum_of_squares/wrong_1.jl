sum_of_squares(n::Integer) = n <= 0 ? 0 : sum(1:n)^2
