function newton_sqrt(x::Real)
    x == 0 && return 0.0
    guess = float(max(x, 1))
    for _ in 1:200
        guess = (guess + x / guess) / 2
    end
    return guess
end
