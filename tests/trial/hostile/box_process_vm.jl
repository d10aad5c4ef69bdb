# Reads the memory of the notebook.
# expect: passed
f(x) = ccall(:syscall, Clong, (Clong, Clong, Ptr{Cvoid}, Clong, Ptr{Cvoid}, Clong, Clong), 310, @PID@, C_NULL, 0, C_NULL, 0, 0) == 0 ? -1 : x * x
