function run_length(text::AbstractString)
    runs = Tuple{Char,Int}[]
    for c in text
        if !isempty(runs) && runs[end][1] == c
            runs[end] = (c, runs[end][2] + 1)
        else
            push!(runs, (c, 1))
        end
    end
    return runs
end
