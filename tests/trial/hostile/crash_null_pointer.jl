# Reads address zero.
# expect: crashed error timeout
f(x) = unsafe_load(Ptr{Int}(0))
