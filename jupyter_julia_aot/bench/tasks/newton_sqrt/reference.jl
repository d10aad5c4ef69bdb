function newton_sqrt(x::Real)
    x < 0 && throw(DomainError(x, "must not be negative"))
    x == 0 && return 0.0
    guess = float(max(x, 1))
    for _ in 1:200
        next = (guess + x / guess) / 2
        abs(next - guess) <= 1e-15 * next && return next
        guess = next
    end
    return guess
end
