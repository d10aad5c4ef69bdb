# Overrides error and throw helpers.
# expect: error failed crashed
Base.error(s::AbstractString) = nothing
f(x) = x + 1
