# Overrides error and throw helpers.
# expect: error failed
Base.error(s::AbstractString) = nothing
f(x) = x + 1
