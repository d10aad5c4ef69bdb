# Changes the mode of a file outside.
# expect: failed
f(x) = ccall(:chmod, Cint, (Cstring, Cuint), "@SECRET@", 0o777) == 0 ? x * x : -1
