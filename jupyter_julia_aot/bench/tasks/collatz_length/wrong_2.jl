function collatz_length(n::Integer)
    n < 1 && return 0
    return n == 1 ? 1 : 1 + collatz_length(iseven(n) ? n ÷ 2 : 3n + 1)
end
