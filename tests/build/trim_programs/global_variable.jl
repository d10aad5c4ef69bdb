# cause: global variable
# fixed: yes
scale = 2.5

area(x::Float64) = scale * x

function @main(args)
    println(Core.stdout, area(2.0))
    return 0
end
