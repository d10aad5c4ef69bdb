# Leaves a hook that ends with success.
# expect: failed error
atexit(() -> ccall(:_exit, Cvoid, (Cint,), 0))
f(x) = x + 1
