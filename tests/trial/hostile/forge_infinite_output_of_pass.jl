# Prints passed for ever.
# expect: timeout
f(x) = while true
    println("passed")
end
