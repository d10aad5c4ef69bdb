function snake_to_camel(name::AbstractString)
    words = split(name, '_'; keepempty = false)
    return join(uppercasefirst.(words))
end
