# Stops its parent.
# expect: failed timeout
f(x) = (ccall(:kill, Cint, (Cint, Cint), ccall(:getppid, Cint, ()), 19); x + 1)
