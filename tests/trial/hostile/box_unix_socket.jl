# Connects to a Unix socket of the user.
# expect: passed
using Sockets
f(x) = try
    connect("@SOCKET@")
    -1
catch
    x * x
end
