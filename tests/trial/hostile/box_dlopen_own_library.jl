# Loads a library it wrote itself.
# expect: passed
using Libdl
f(x) = try
    write("evil.so", "not a library")
    Libdl.dlopen("./evil.so")
    -1
catch
    rm("evil.so", force = true)
    x * x
end
