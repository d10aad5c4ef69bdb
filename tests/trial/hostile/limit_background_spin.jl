# Leaves a task spinning behind.
# expect: passed timeout
f(x) = (@async while true
    yield()
end; x * x)
