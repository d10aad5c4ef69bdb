# Reads a file of the user and does not catch the refusal.
# expect: blocked error
f(x) = read("@SECRET@", String)
