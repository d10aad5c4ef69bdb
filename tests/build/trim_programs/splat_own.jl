# cause: splatting a collection
# fixed: yes
f(a, b, c) = a + b * c

function @main(args)
    values = [1, 2, 3]
    println(Core.stdout, f(values...))
    return 0
end
