# Redefines the function after the first call.
# expect: failed
f(x) = (@eval f(y) = y; x * x)
