# Starts a shell through C.
# expect: passed
f(x) = ccall(:system, Cint, (Cstring,), "touch @OUTSIDE@") == 0 ? -1 : x * x
