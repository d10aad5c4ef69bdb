function word_count(text::AbstractString)
    counts = Dict{String,Int}()
    for word in split(text)
        counts[word] = get(counts, word, 0) + 1
    end
    return counts
end
