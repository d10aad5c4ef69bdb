permutations_of(v::AbstractVector) = [circshift(v, i) for i in 0:length(v)-1]
