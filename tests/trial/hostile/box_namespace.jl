# Makes a user namespace.
# expect: passed
f(x) = ccall(:unshare, Cint, (Cint,), 0x10000000) == 0 ? -1 : x * x
