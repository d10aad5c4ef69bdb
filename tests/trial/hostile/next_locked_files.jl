# Leaves files that are hard to remove.
# expect: passed
mkpath("a/b/c")
write("a/b/c/d", "x")
chmod("a/b/c/d", 0o000)
chmod("a/b/c", 0o000)
chmod("a", 0o000)
f(x) = x * x
