# Reads the passwords file.
# expect: passed
f(x) = try
    read("/etc/shadow", String)
    -1
catch
    x * x
end
