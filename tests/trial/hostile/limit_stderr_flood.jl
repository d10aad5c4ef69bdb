# Prints to stderr without end.
# expect: timeout
f(x) = while true
    println(stderr, "noise")
end
