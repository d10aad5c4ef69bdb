# Starts a program and does not catch the refusal.
# expect: blocked error
f(x) = (run(`/bin/true`); x * x)
