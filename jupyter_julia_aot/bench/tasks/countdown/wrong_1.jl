struct Countdown
    n::Int
end
Base.iterate(c::Countdown, state = c.n) = state < 0 ? nothing : (state, state - 1)
Base.length(c::Countdown) = max(0, c.n + 1)
Base.eltype(::Type{Countdown}) = Int
