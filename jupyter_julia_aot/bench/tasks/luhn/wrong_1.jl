function luhn(number::AbstractString)
    text = replace(number, " " => "")
    (length(text) < 2 || !all(isdigit, text)) && return false
    total = 0
    for (i, c) in enumerate(text)
        d = c - '0'
        isodd(i) && (d = 2d > 9 ? 2d - 9 : 2d)
        total += d
    end
    return total % 10 == 0
end
