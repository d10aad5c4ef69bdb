# Writes files without end.
# expect: blocked error timeout
function f(x)
    i = 0
    while true
        i += 1
        write("file$i", "x" ^ 1000)
    end
end
