function parse_key_values(text::AbstractString)
    out = Dict{String,String}()
    for line in split(text, '\n')
        occursin("=", line) || continue
        key, value = split(line, "="; limit = 2)
        out[strip(key)] = strip(value)
    end
    return out
end
