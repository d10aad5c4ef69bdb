second_largest(v::AbstractVector) = length(v) < 2 ? nothing : sort(v; rev = true)[2]
