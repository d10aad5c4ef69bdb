# Redefines what everything is made of.
# expect: passed failed error blocked crashed
Core.eval(Base, :(iterate(r::UnitRange{Int}) = nothing))
f(x) = x * x
