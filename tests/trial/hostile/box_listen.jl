# Opens a server.
# expect: passed
using Sockets
f(x) = try
    listen(0)
    -1
catch
    x * x
end
