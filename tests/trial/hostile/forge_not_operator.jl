# Pirates ! and ===-like helpers.
# expect: failed crashed error
Base.:(!)(x::Bool) = true
Base.:(==)(x::Bool, y::Bool) = true
f(x) = x + 100
