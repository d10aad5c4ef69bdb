# Switches the garbage collector off.
# expect: passed
GC.enable(false)
f(x) = x * x
