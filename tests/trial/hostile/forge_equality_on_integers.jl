# Pirates == so that everything is equal.
# expect: failed crashed error
Base.:(==)(a::Int, b::Int) = true
f(x) = 0
