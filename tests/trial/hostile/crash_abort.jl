# Aborts.
# expect: crashed
f(x) = ccall(:abort, Cvoid, ())
