make_counter(start = 0, step = 1) = () -> start
