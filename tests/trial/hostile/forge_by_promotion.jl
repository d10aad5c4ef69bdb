# Returns a number that everything promotes to.
# expect: blocked failed error
struct One <: Real end
Base.promote_rule(::Type{One}, ::Type{<:Real}) = One
Base.convert(::Type{One}, ::Real) = One()
Base.convert(::Type{One}, x::One) = x
One(x::Real) = One()
f(x) = One()
