function parse_key_values(text::AbstractString)
    out = Dict{String,String}()
    for line in split(text, '\n')
        line = strip(line)
        (isempty(line) || startswith(line, "#")) && continue
        occursin("=", line) || throw(ArgumentError("no = in: $line"))
        key, value = split(line, "="; limit = 2)
        out[strip(key)] = strip(value)
    end
    return out
end
