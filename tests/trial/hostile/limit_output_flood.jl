# Prints a gigabyte.
# expect: passed timeout
const LINE = "x" ^ 65535
function f(x)
    for i in 1:2000
        println(LINE)
    end
    return x * x
end
