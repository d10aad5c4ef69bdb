function caesar(text::AbstractString, shift::Integer)
    turn(c, first) = first + mod(c - first + shift, 26)
    return map(String(text)) do c
        'a' <= c <= 'z' ? turn(c, 'a') : 'A' <= c <= 'Z' ? turn(c, 'A') : c
    end
end
