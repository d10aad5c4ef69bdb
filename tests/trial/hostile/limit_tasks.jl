# Starts tasks without end.
# expect: timeout memory passed error
f(x) = while true
    @async sleep(1000)
end
