function luhn(number::AbstractString)
    text = filter(isdigit, number)
    total = 0
    for (i, c) in enumerate(reverse(text))
        d = c - '0'
        iseven(i) && (d = 2d > 9 ? 2d - 9 : 2d)
        total += d
    end
    return total % 10 == 0
end
