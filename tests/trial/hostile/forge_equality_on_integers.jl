# Pirates == so that everything is equal.
# expect: failed
Base.:(==)(a::Int, b::Int) = true
f(x) = 0
