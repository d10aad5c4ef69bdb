function anagram_groups(words)
    groups = Vector{String}[]
    place = Dict{Vector{Char},Int}()
    for word in words
        key = sort(collect(word))
        if haskey(place, key)
            push!(groups[place[key]], word)
        else
            push!(groups, [word])
            place[key] = length(groups)
        end
    end
    return groups
end
