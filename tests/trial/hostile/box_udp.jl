# Sends a datagram.
# expect: passed
using Sockets
f(x) = try
    s = UDPSocket()
    send(s, ip"127.0.0.1", @PORT@, "hello")
    -1
catch
    x * x
end
