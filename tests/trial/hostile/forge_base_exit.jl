# Overrides exit so that failing looks like success.
# expect: failed crashed error
Base.exit(n) = ccall(:_exit, Cvoid, (Cint,), 0)
f(x) = x + 1
