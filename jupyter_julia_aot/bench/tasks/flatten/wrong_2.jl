flatten(x) = Any[x]
flatten(x::Union{AbstractVector,Tuple}) = isempty(x) ? Any[] : reduce(vcat, (y isa AbstractVector ? y : Any[y] for y in x))
