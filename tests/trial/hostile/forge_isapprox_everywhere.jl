# Pirates isapprox and isequal.
# expect: failed crashed error
Base.isapprox(a::Number, b::Number; kw...) = true
Base.isequal(a, b) = true
f(x) = 0
