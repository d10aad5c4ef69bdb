sum_of_squares(n::Integer) = n <= 0 ? 0 : sum(i^2 for i in 1:n)
