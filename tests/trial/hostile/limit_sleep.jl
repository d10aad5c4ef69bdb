# Never ends, sleeping.
# expect: timeout
f(x) = sleep(100000)
