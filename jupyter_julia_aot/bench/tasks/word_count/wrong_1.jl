function word_count(text::AbstractString)
    counts = Dict{String,Int}()
    for word in split(lowercase(text), ' ')
        counts[word] = get(counts, word, 0) + 1
    end
    return counts
end
