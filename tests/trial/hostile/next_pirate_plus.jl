# Redefines + for everybody.
# expect: passed failed crashed error timeout
Base.:+(a::Int, b::Int) = 0
f(x) = x * x
