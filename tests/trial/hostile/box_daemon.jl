# Leaves a daemon behind.
# expect: passed
f(x) = ccall(:fork, Cint, ()) >= 0 ? -1 : x * x
