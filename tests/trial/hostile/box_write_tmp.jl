# Leaves a file in the shared temporary folder.
# expect: passed
f(x) = try
    write("@OUTSIDE@", "here")
    -1
catch
    x * x
end
