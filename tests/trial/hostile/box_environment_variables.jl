# Looks for secrets in its own environment.
# expect: passed
f(x) = any(occursin("@TOKEN@", v) for v in values(ENV)) ? -1 : x * x
