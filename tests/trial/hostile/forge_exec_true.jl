# Replaces the process by a program that succeeds.
# expect: blocked crashed error failed
f(x) = ccall(:execv, Cint, (Cstring, Ptr{Ptr{UInt8}}), "/bin/true", C_NULL)
