function collatz_length(n::Integer)
    n < 1 && throw(ArgumentError("n must be at least 1"))
    count = 1
    while n != 1
        n = iseven(n) ? n ÷ 2 : 3n + 1
        count += 1
    end
    return count
end
