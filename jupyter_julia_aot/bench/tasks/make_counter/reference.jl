function make_counter(start = 0, step = 1)
    value = start - step
    return () -> (value += step)
end
