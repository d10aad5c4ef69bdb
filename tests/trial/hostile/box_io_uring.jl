# Sets up an io_uring.
# expect: passed
f(x) = ccall(:syscall, Clong, (Clong, Cuint, Ptr{Cvoid}), 425, 4, zeros(UInt8, 120)) >= 0 ? -1 : x * x
