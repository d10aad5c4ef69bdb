# Kills itself.
# expect: crashed timeout
f(x) = ccall(:raise, Cint, (Cint,), 9)
