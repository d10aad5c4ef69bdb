function scale_clamp(v, factor, low, high)
    v .*= factor
    return clamp.(v, low, high)
end
