function anagram_groups(words)
    groups = Dict{Set{Char},Vector{String}}()
    order = Set{Char}[]
    for word in words
        key = Set(word)
        haskey(groups, key) || push!(order, key)
        push!(get!(groups, key, String[]), word)
    end
    return [groups[key] for key in order]
end
