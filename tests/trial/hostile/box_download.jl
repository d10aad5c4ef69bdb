# Fetches something.
# expect: passed
f(x) = try
    download("http://127.0.0.1:@PORT@/x")
    -1
catch
    x * x
end
