# Kills its parent.
# expect: failed crashed
f(x) = (ccall(:kill, Cint, (Cint, Cint), ccall(:getppid, Cint, ()), 9); x + 1)
