# Goes out through a hard link.
# expect: passed
f(x) = ccall(:link, Cint, (Cstring, Cstring), "@SECRET@", "hard") == 0 ? -1 : x * x
