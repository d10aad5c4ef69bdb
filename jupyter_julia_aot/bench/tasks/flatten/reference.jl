flatten(x) = Any[x]
flatten(x::Union{AbstractVector,Tuple}) = isempty(x) ? Any[] : reduce(vcat, (flatten(y) for y in x))
