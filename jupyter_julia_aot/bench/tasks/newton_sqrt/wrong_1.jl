function newton_sqrt(x::Real)
    x < 0 && throw(DomainError(x, "must not be negative"))
    guess = 1.0
    for _ in 1:5
        guess = (guess + x / guess) / 2
    end
    return guess
end
