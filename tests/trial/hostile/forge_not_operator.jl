# Pirates ! and ===-like helpers.
# expect: failed
Base.:(!)(x::Bool) = true
Base.:(==)(x::Bool, y::Bool) = true
f(x) = x + 100
