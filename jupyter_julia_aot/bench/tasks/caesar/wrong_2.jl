function caesar(text::AbstractString, shift::Integer)
    return map(c -> isletter(c) ? 'a' + mod(lowercase(c) - 'a' + shift, 26) : c, String(text))
end
