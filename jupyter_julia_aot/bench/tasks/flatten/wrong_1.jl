flatten(x) = Any[x]
flatten(x::AbstractVector) = isempty(x) ? Any[] : reduce(vcat, (flatten(y) for y in x))
