# Connects to a local server.
# expect: passed crashed
using Sockets
f(x) = try
    connect("127.0.0.1", @PORT@)
    -1
catch
    x * x
end
