function rotate_left!(v::AbstractVector, k::Integer)
    isempty(v) && return v
    s = mod(k, length(v))
    v[:] = vcat(v[s+1:end], v[1:s])
    return v
end
