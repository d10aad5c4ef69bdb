scale_clamp(v, factor, low, high) = clamp.(v .* factor, low, high)
