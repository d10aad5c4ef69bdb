# Mounts a file system.
# expect: passed
f(x) = ccall(:mount, Cint, (Cstring, Cstring, Cstring, Culong, Ptr{Cvoid}), "none", ".", "tmpfs", 0, C_NULL) == 0 ? -1 : x * x
