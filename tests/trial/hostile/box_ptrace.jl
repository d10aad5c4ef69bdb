# Attaches to the notebook as a debugger.
# expect: passed
f(x) = ccall(:ptrace, Clong, (Clong, Clong, Ptr{Cvoid}, Ptr{Cvoid}), 16, @PID@, C_NULL, C_NULL) == 0 ? -1 : x * x
