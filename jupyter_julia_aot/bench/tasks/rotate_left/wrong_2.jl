function rotate_left!(v::AbstractVector, k::Integer)
    isempty(v) && return v
    s = mod(k, length(v))
    v[:] = vcat(v[end-s+1:end], v[1:end-s])
    return v
end
