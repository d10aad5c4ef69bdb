# Reads a file of the user.
# expect: passed
f(x) = try
    read("@SECRET@", String)
    -1
catch
    x * x
end
