# Starts a program.
# expect: passed
f(x) = try
    run(`/bin/true`)
    -1
catch
    x * x
end
