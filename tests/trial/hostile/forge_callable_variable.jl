# Makes == callable anew through a type variable.
# expect: failed crashed error
struct T end
(x::T)(a::Int, b::Int) where {T<:typeof(==)} = true
f(x) = 0
