# Leaves folders in the scratch folder that nobody may enter, and a chain of links.
# expect: passed
function f(x)
    isdir("a") && return x * x
    mkpath("a/b/c")
    write("a/b/c/file", "x")
    symlink("a/b/c", "link")
    mkdir("a/b/c/d"; mode = 0o000)
    mkdir("a/b/locked"; mode = 0o200)
    return x * x
end
