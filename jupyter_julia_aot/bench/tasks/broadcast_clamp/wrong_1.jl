scale_clamp(v, factor, low, high) = clamp.(v, low, high) .* factor
