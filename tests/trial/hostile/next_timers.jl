# Leaves timers behind.
# expect: passed
Timer(t -> exit(3), 0.05)
f(x) = x * x
