# Ends the process with success inside the first call.
# expect: crashed
f(x) = exit(0)
