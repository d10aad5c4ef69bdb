# Recurses without end.
# expect: error timeout
f(x) = f(x + 1) + f(x - 1)
