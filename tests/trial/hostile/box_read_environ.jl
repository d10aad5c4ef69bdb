# Reads the environment of the notebook.
# expect: passed
f(x) = try
    occursin("=", read("/proc/@PID@/environ", String)) ? -1 : x * x
catch
    x * x
end
