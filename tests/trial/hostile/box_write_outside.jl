# Overwrites a file of the user.
# expect: passed
f(x) = try
    write("@SECRET@", "overwritten")
    -1
catch
    x * x
end
