# Loops in a finalizer.
# expect: passed timeout crashed
mutable struct M
    a::Int
end
f(x) = (finalizer(m -> (while true end), M(1)); x * x)
