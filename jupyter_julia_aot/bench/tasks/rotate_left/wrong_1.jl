function rotate_left!(v::AbstractVector, k::Integer)
    isempty(v) && return v
    s = mod(k, length(v))
    return vcat(v[s+1:end], v[1:s])
end
