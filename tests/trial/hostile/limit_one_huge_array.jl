# Asks for more than there is.
# expect: memory
f(x) = sum(ones(10^12))
