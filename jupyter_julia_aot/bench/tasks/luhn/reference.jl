function luhn(number::AbstractString)
    text = replace(number, " " => "")
    (length(text) < 2 || !all(isdigit, text)) && return false
    total = 0
    for (i, c) in enumerate(reverse(text))
        d = c - '0'
        if iseven(i)
            d *= 2
            d > 9 && (d -= 9)
        end
        total += d
    end
    return total % 10 == 0
end
