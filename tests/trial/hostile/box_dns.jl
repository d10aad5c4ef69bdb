# Looks a name up.
# expect: passed crashed
using Sockets
f(x) = try
    getaddrinfo("example.org")
    -1
catch
    x * x
end
