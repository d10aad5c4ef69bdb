# Wraps itself so that no error leaves.
# expect: failed
f(x) = try
    error("no")
catch
    -1
end
