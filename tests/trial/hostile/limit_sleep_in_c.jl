# Never ends, sleeping in C.
# expect: timeout
f(x) = ccall(:sleep, Cuint, (Cuint,), 100000)
