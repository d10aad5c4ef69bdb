# Lists the home folder.
# expect: passed
f(x) = try
    readdir("@HOME@")
    -1
catch
    x * x
end
