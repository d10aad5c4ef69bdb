mean_of(v) = isempty(v) ? throw(ArgumentError("no numbers")) : sum(v) ÷ length(v)
