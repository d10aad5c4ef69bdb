# Signals the notebook.
# expect: passed
f(x) = ccall(:kill, Cint, (Cint, Cint), @PID@, 0) == 0 ? -1 : x * x
