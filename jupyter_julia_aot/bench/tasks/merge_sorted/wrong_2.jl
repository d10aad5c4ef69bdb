merge_sorted(a::AbstractVector, b::AbstractVector) = sort(union(a, b))
