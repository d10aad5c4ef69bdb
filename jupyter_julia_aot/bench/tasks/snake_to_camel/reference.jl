function snake_to_camel(name::AbstractString)
    words = split(name, '_'; keepempty = false)
    isempty(words) && return ""
    return words[1] * join(uppercasefirst.(words[2:end]))
end
