struct Countdown
    n::Int
end
Base.iterate(c::Countdown, state = c.n) = state < 1 ? nothing : (state, state - 1)
Base.length(c::Countdown) = c.n
Base.eltype(::Type{Countdown}) = Any
