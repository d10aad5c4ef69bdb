# Redefines + for everybody.
# expect: passed failed crashed error
Base.:+(a::Int, b::Int) = 0
f(x) = x * x
