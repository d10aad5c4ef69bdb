function roman_numeral(n::Integer)
    1 <= n <= 3999 || throw(DomainError(n, "must lie between 1 and 3999"))
    out = ""
    for (value, letter) in [1000 => "M", 500 => "D", 100 => "C", 50 => "L", 10 => "X", 5 => "V", 1 => "I"]
        out *= letter^(n ÷ value)
        n %= value
    end
    return out
end
