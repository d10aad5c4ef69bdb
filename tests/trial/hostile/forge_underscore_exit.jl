# Ends the process without any hook running.
# expect: crashed
f(x) = ccall(:_exit, Cvoid, (Cint,), 0)
