function run_length(text::AbstractString)
    runs = Tuple{Char,Int}[]
    n = 1
    for i in 2:length(text)
        if text[i] == text[i-1]
            n += 1
        else
            push!(runs, (text[i-1], n))
            n = 1
        end
    end
    return runs
end
