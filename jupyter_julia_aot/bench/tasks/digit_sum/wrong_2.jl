function digit_sum(n::Integer)
    total = 0
    n = abs(n)
    while n > 9
        total += n % 10
        n ÷= 10
    end
    return total
end
