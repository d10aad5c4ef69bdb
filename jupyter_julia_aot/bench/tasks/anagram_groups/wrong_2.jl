function anagram_groups(words)
    groups = Dict{String,Vector{String}}()
    for word in words
        push!(get!(groups, join(sort(collect(word))), String[]), word)
    end
    return sort(collect(values(groups)))
end
