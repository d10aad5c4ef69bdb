run_length(text::AbstractString) = [(c, count(==(c), text)) for c in unique(text)]
