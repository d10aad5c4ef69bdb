mean_of(v) = isempty(v) ? 0.0 : sum(v) / length(v)
