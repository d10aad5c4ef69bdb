function moving_average(v::AbstractVector, k::Integer)
    k < 1 && throw(ArgumentError("k must be at least 1"))
    return Float64[sum(v[max(1, i - k + 1):i]) / k for i in 1:length(v)]
end
